// What a trace's file says twice: masks, counts and log densities, which follow from its other
// members. Where they do not agree, somebody has changed or lost a member.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include <ember/handlers/trace.hpp>

namespace ember::detail {

/// Checks "mask", "elements", "log_prob" and "log_prob_sum" of a site against the site that the
/// other members make. Log densities may differ by the rounding of another machine or, where the
/// file is not `as_precise` as Real, of another precision. Those of a family that this program does
/// not know are taken from the file.
void check_site(Site& site, const nlohmann::json& value, bool as_precise, const std::string& path);

/// Checks "log_prob_sum" of a trace.
void check_log_joint(const Trace& trace, const nlohmann::json& value, bool as_precise);

}  // namespace ember::detail
