#!/usr/bin/env python3
"""The workloads of the table in Pyro, one thread, float64, validation on (Pyro's default). The models are ember's; the data
are of the same sizes and kinds, not the same numbers. A mask is Pyro's mask: hidden elements are computed and multiplied by
zero. Prints a JSON object that table.py understands; ends with exit code 3 where Pyro is not installed.

    benchmarks/peers/pyro_peer.py > build/pyro.json
"""
import json
import sys
import time

try:
    import pyro
    import torch
    from pyro import distributions as dist, poutine
    from pyro.infer import SVI, Trace_ELBO
    from pyro.infer.autoguide import AutoNormal
except ImportError as error:
    print(f"Pyro is not installed ({error})", file=sys.stderr)
    sys.exit(3)

KEPT = (100, 50, 10, 1)


def least(run):
    """The least time of a run, in ns."""
    run()
    times = []
    while len(times) < 3 or (sum(times) < 1 and len(times) < 10_000):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times) * 1e9


def step_of(model, guide, *data):
    """One step of SVI with Adam, as something to run."""
    pyro.clear_param_store()
    svi = SVI(model, guide, pyro.optim.Adam({"lr": 0.01}), Trace_ELBO())
    return lambda: svi.step(*data)


def eight_schools():
    y = torch.tensor([28.0, 8, -3, 7, -1, 1, 18, 12])
    sigma = torch.tensor([15.0, 10, 16, 11, 9, 11, 10, 18])

    def model():
        mu = pyro.sample("mu", dist.Normal(0.0, 5.0))
        tau = pyro.sample("tau", dist.HalfCauchy(5.0))
        with pyro.plate("schools", 8):
            z = pyro.sample("z", dist.Normal(0.0, 1.0))
            pyro.sample("y", dist.Normal(mu + tau * z, sigma), obs=y)

    yield "1.eight_schools", step_of(model, AutoNormal(model))


def masked_normal():
    n = 1_000_000
    y = torch.randn(n)
    loc = torch.randn(n, requires_grad=True)
    number = torch.tensor(1.3, requires_grad=True)
    scale = torch.exp(0.3 * torch.randn(n)).requires_grad_()
    for kept in KEPT:
        mask = torch.rand(n) * 100 < kept
        for key, s in (("4.normal_loc", number), ("4.normal_loc_scale", scale)):
            def run(mask=mask, s=s):
                value = dist.Normal(loc, s).mask(mask).log_prob(y).sum()
                torch.autograd.grad(value, (loc, s))
            yield f"{key}/n:{n}/kept:{kept}/run:1", run


def categorical_step():
    shape = (4096, 64, 10)
    init = torch.randn(shape)
    y = torch.randint(10, shape[:2])
    for kept in (100, 10, 1):
        mask = torch.rand(shape[:2]) * 100 < kept

        def model(mask=mask):
            logits = pyro.param("logits", init.clone())
            with pyro.plate("rows", shape[0], dim=-2), pyro.plate("columns", shape[1], dim=-1):
                pyro.sample("y", dist.Categorical(logits=logits).mask(mask), obs=y)

        yield f"6.categorical_step/kept:{kept}", step_of(model, lambda: None)


def logistic():
    x = torch.randn(10_000, 50)
    y = torch.bernoulli(torch.sigmoid(x @ torch.randn(50)))

    def model():
        w = pyro.sample("w", dist.Normal(0.0, 1.0).expand([50]).to_event(1))
        with pyro.plate("rows", len(x)):
            pyro.sample("y", dist.Bernoulli(logits=x @ w), obs=y)

    yield "8.logistic", step_of(model, AutoNormal(model))


def sequences():
    n, longest = 1000, 100
    length = 1 + torch.floor(torch.rand(n) * longest)
    state, counts = 2 + torch.randn(n), []
    for t in range(longest):
        if t > 0:
            state = 2 + 0.8 * (state - 2) + 0.5 * torch.randn(n)
        counts.append(torch.poisson(torch.exp(state)))

    def model():
        phi = pyro.sample("phi", dist.Normal(0.0, 1.0))
        sigma = pyro.sample("sigma", dist.HalfNormal(1.0))
        m = pyro.sample("m", dist.Normal(0.0, 2.0))
        with pyro.plate("sequences", n):
            x = None
            for t in range(longest):
                with poutine.mask(mask=length > t):
                    prior = dist.Normal(m, 1.0) if t == 0 else dist.Normal(m + phi * (x - m), sigma)
                    x = pyro.sample(f"x_{t}", prior)
                    pyro.sample(f"y_{t}", dist.Poisson(torch.exp(x)), obs=counts[t])

    yield "9.sequences", step_of(model, AutoNormal(model))


def varying_intercepts():
    n, groups = 12_573, 85
    group = (torch.rand(n) ** 2 * groups).long()
    x = torch.randn(n)
    y = (1 + 0.5 * torch.randn(groups))[group] + 0.7 * x + 0.8 * torch.randn(n)

    def model():
        mu = pyro.sample("mu", dist.Normal(0.0, 10.0))
        tau = pyro.sample("tau", dist.HalfCauchy(5.0))
        beta = pyro.sample("beta", dist.Normal(0.0, 10.0))
        sigma = pyro.sample("sigma", dist.HalfCauchy(5.0))
        with pyro.plate("groups", groups):
            alpha = pyro.sample("alpha", dist.Normal(mu, tau))
        with pyro.plate("observations", n):
            pyro.sample("y", dist.Normal(alpha[group] + beta * x, sigma), obs=y)

    yield "10.varying_intercepts", step_of(model, AutoNormal(model))


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    pyro.set_rng_seed(1)
    rows = {}
    for workload in (eight_schools, masked_normal, categorical_step, logistic, sequences, varying_intercepts):
        for name, run in workload():
            rows[name] = least(run)
    about = f"the same models, PyTorch {torch.__version__}, one thread, float64, validation on; hidden elements are computed."
    print(json.dumps({"peer": f"Pyro {pyro.__version__}", "about": about, "rows": rows}, indent=1))


main()
