"""Fit what is likely wrong, for suggestions: `python -m benchmarks.suggestion_weights DATA ...`.

Objects are clicked five times, in the middle of the largest error or on any wrong voxel. After each
click, voxels within two radii of the mask's surface are drawn on either side of it, and a logistic
rule learns from `Belief.terms` which of them are wrong. Every data set counts alike. Told are the
weights, and how well a rule fitted without a data set ranks its voxels (area under the ROC curve),
beside the model's logit alone. Use data that may train.
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize
from scipy.special import expit

import voxclick as vc
from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.object_state import ObjectState
from voxclick.engine.predict import Model
from voxclick.engine.suggest import REACH, belief_of
from voxclick.errors import PromptError
from voxclick.evaluate.dataset import find_dataset
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.protocol import Protocol
from voxclick.models.base import Segmenter
from voxclick.simulate.kinds import make_user
from voxclick.types import Array
from voxclick.volume import Mask, Volume

CLICKS = 5
DRAWN = 150
RIDGE = 1e-3

Sample = tuple[Float[Array, "n t"], Bool[Array, " n"], Float[Array, " n"], Bool[Array, " n"]]
"""Terms, whether the mask is wrong, weights, and whether inside the mask, of some voxels."""


def samples(model: Segmenter, volume: Volume, truth: Mask, cache: EmbeddingCache) -> list[Sample]:
    """Voxels of one object after each click."""
    generator = np.random.default_rng(0)
    session = vc.Session(volume, model, cache=cache)
    found: list[Sample] = []
    for click in range(CLICKS):
        user = "center" if click == 0 or generator.random() < 0.5 else "uniform"
        prompt = make_user(user).next_prompt(truth, session.mask(), generator)
        if prompt is None:
            break
        try:
            session.add(prompt)
        except PromptError:
            break
        found += _drawn(session._model, session._objects.state(), truth, generator)
    return found


def _drawn(
    asked: Model, state: ObjectState, truth: Mask, generator: np.random.Generator
) -> list[Sample]:
    belief = belief_of(asked, state)
    if belief is None:
        return []
    wrong = belief.mask != (belief.view.read(truth.array, "cpu") >= 0.5).numpy()
    terms = np.stack([term.ravel() for term in belief.terms(state.prompts)], axis=1)
    seen = np.zeros(wrong.shape, dtype=np.bool_)
    seen[belief.view.inside.slices] = True
    found = []
    for inside in (True, False):
        here = np.flatnonzero(seen & (belief.mask == inside) & (belief.depth < REACH))
        if len(here):
            few = generator.choice(here, min(DRAWN, len(here)), replace=False)
            weight = len(here) / len(few) / max(int(belief.mask.sum()), 27)
            side = np.full(len(few), inside)
            found.append((terms[few], wrong.ravel()[few], np.full(len(few), weight), side))
    return found


def fitted(
    terms: Float[Array, "n t"], wrong: Bool[Array, " n"], weight: Float[Array, " n"]
) -> Float[Array, " t"]:
    """The weights of a logistic rule, by maximum likelihood with a small ridge."""
    mean, width = terms.mean(axis=0), terms.std(axis=0) + 1e-9
    mean[0], width[0] = 0, 1  # the constant
    scaled, share = (terms - mean) / width, weight / weight.sum()

    def loss(weights: Float[Array, " t"]) -> tuple[float, Float[Array, " t"]]:
        score = scaled @ weights
        value = share @ (np.logaddexp(0, score) - wrong * score) + RIDGE / 2 * weights @ weights
        return value, scaled.T @ (share * (expit(score) - wrong)) + RIDGE * weights

    best: Array = minimize(loss, np.zeros(terms.shape[1]), jac=True).x / width
    best[0] -= (best * mean).sum()
    return best


def ranked(
    score: Float[Array, " n"], wrong: Bool[Array, " n"], weight: Float[Array, " n"]
) -> float:
    """Area under the ROC curve."""
    order = np.argsort(score)
    wrong, weight = wrong[order], weight[order]
    below = np.cumsum(weight * ~wrong)
    return float((weight * wrong * below).sum() / ((weight * wrong).sum() * below[-1]))


def report(found: dict[tuple[str, str], list[Sample]]) -> None:
    """Print weights and areas of both sides."""
    parts = [(key[0], one) for key, many in found.items() for one in many]
    terms, wrong, inside = (np.concatenate([one[n] for _, one in parts]) for n in (0, 1, 3))
    held = {key: sum(one[2].sum() for one in many) for key, many in found.items()}
    weight = np.concatenate([one[2] / held[key] for key, many in found.items() for one in many])
    sets = np.concatenate([[name] * len(one[1]) for name, one in parts])
    for side, name in ((True, "INSIDE"), (False, "OUTSIDE")):
        k = inside == side
        left_out = np.zeros(k.sum())
        for one in np.unique(sets):
            out = sets[k] == one
            rule = fitted(terms[k][~out], wrong[k][~out], weight[k][~out])
            left_out[out] = terms[k][out] @ rule
        told = ", ".join(f"{w:.2f}" for w in fitted(terms[k], wrong[k], weight[k]))
        area = ranked(left_out, wrong[k], weight[k])
        alone = ranked(terms[k][:, 1], wrong[k], weight[k])
        print(f"{name} = ({told})")
        print(f"  {k.sum()} voxels; area {area:.2f}, of the logit alone {alone:.2f}")


def main() -> None:
    """Collect, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path, help="folders of cases that may train")
    parser.add_argument("--models", nargs="+", default=["builtin", "geodesic"])
    parser.add_argument("--limit", type=int, default=20, help="at most so many cases of a folder")
    parser.add_argument("--max-objects", type=int, default=6, help="and objects of a case")
    asked = parser.parse_args()
    found: dict[tuple[str, str], list[Sample]] = {}
    for name in asked.models:
        model = vc.load(name)
        for folder in asked.data:
            many = found.setdefault((folder.name, name), [])
            for case in find_dataset(folder).limited(asked.limit, 0).cases:
                prepared = prepare_case(case, Protocol(max_objects=asked.max_objects))
                cache = EmbeddingCache()
                for target in prepared.targets:
                    many += samples(model, prepared.volume, target.mask, cache)
    report(found)


if __name__ == "__main__":
    main()
