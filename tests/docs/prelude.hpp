// What the code blocks of the documents take for granted.
#pragma once

#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include <ember/eigen.hpp>
#include <ember/ember.hpp>

using namespace ember;  // NOLINT
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

struct Data {
  Tensor y, sigma;
};

struct Plants {  // of the guided tour
  Tensor room, light, height;
  Mask seen;
  Index rooms;
};

extern const std::vector<double> values;
extern const std::vector<int> rows, cols;
extern const Eigen::MatrixXd some_eigen_matrix;
extern const Mask other, seen, rows_seen;
extern const Tensor x, x0, x1, y, w, mu, loc, scale, logits, p, eta, grades, L, u, v, ratings;
extern const Index n;
extern const Data data;
extern const Trace t;
extern const Values parameters;
void model(const Data& data);
