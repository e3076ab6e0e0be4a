"""Reads a picture back: what stands in its SVG, whoever laid it out."""

from xml.etree import ElementTree

import numpy as np

from bnlib import trace
from bnlib.norms.staged import batchnorm_forward

SVG = "{http://www.w3.org/2000/svg}"
N, D = 5, 3
DIMS = {"N": N, "D": D}


def layer(seed=0):
    """The graph of the staged layer, and its gradients for a random dout."""
    rng = np.random.default_rng(seed)
    graph = trace(
        batchnorm_forward, rng.normal(size=(N, D)), rng.normal(size=D), rng.normal(size=D), eps=1e-5
    )
    return graph, graph.backward(rng.normal(size=(N, D)))


def groups(seen):
    """Every group of a picture with an id of ours: id -> element."""
    root = ElementTree.fromstring(seen.svg)
    found = [group for group in root.iter(f"{SVG}g") if group.get("id") != "graph0"]
    assert len({group.get("id") for group in found}) == len(found), "an id stands twice"
    return {group.get("id"): group for group in found}


def of_class(seen, word):
    """The ids of the groups that have a class."""
    return {name for name, group in groups(seen).items() if word in group.get("class", "").split()}


def texts(seen, identifier):
    """The lines of text of a node or an edge."""
    return ["".join(text.itertext()) for text in groups(seen)[identifier].iter(f"{SVG}text")]


def labels(seen):
    """What stands at the backward edges: id -> its first line."""
    return {name: texts(seen, name)[0] for name in of_class(seen, "backward")}


def title(seen):
    """The SVG's own <title>, which must be its first element."""
    first = ElementTree.fromstring(seen.svg)[0]
    assert first.tag == f"{SVG}title"
    return first.text
