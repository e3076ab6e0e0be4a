"""What goes wrong with the running statistics of batch normalization, and with the mode in which they are used."""

from __future__ import annotations

from .layers import Rows

MEAN, VAR = ("running_mean",), ("running_var",)

RUNNING: Rows = (
    (
        "momentum-reversed",
        {"weights": "reversed"},
        "The two weights of the running statistics have changed places: `momentum` multiplies the batch's "
        "value. After one batch with momentum 0.9, how much of the old mean should be left?",
    ),
    (
        "momentum-reversed",
        {"weights": "reversed", "only": VAR},
        "`running_mean` moves as it should, `running_var` with its weights the wrong way round. Put the "
        "two lines under each other: where does `momentum` stand in each?",
    ),
    (
        "momentum-reversed",
        {"weights": "reversed", "only": MEAN},
        "`running_mean` takes most of its new value from this batch, `running_var` most from the past. "
        "Which of the two does a momentum of 0.9 describe?",
    ),
    (
        "momentum-ignored",
        {"weights": "fixed"},
        "The running statistics move as if momentum were 0.9 at every call. What else might stand in "
        "`bn_param`?",
    ),
    (
        "momentum-reversed",
        {"weights": "fixed, reversed"},
        "Whatever the momentum, nine tenths of each running value come from the newest batch. Which of "
        "the two libraries of this course means that by 0.9?",
    ),
    (
        "running-replaced",
        {"weights": "replaced"},
        "After a call the running statistics are those of the last batch alone. What did the batches "
        "before it leave?",
    ),
    (
        "weight-missing",
        {"weights": "half"},
        "The batch's value is added in full to what momentum leaves of the old one. If every batch had "
        "the mean 1, where would `running_mean` settle?",
    ),
    (
        "weight-missing",
        {"weights": "old whole"},
        "The old value stays whole and a part of the batch's is added to it. What happens to "
        "`running_var` after a thousand batches?",
    ),
    (
        "std-stored",
        {"kept": "std"},
        "What goes into `running_var` is the standard deviation. Which of the two is averaged over "
        "batches without becoming too small, and which will the root in test mode expect?",
    ),
    (
        "std-stored",
        {"kept": "sqrtvar"},
        "`running_var` collects `sqrt(var + eps)`, what the batch was divided by. What will test mode do "
        "to it before it divides?",
    ),
    (
        "std-stored",
        {"kept": "ivar"},
        "`running_var` collects one over the root. Whose name does it carry?",
    ),
    (
        "eps-stored",
        {"kept": "var + eps"},
        "`running_var` has `eps` in it. In test mode, how often would `eps` be added by the time the root "
        "is taken?",
    ),
    (
        "n-minus-1",
        {"kept": "n - 1"},
        "`out` is right, and what is kept in `running_var` was divided by N - 1, as PyTorch keeps it. "
        "Which of the two variances does this course's `bn_param` hold?",
    ),
    (
        "running-starts-at-one",
        {"start": 1.0},
        "Without a `running_var` in `bn_param` yours starts at 1, as PyTorch's does. What does it start "
        "at in cs231n's layer?",
    ),
    (
        "running-starts-at-batch",
        {"start": None},
        "Where `bn_param` has no running statistics yet, yours begin with those of the first batch. With what do they "
        "begin in cs231n's layer?",
    ),
    (
        "running-not-written",
        {"lost": ("running_mean", "running_var")},
        "The running statistics never reach `bn_param`. How would the next call know of them?",
    ),
    (
        "running-not-written",
        {"lost": VAR},
        "`running_mean` is written to `bn_param` and `running_var` is not. What does test mode divide by?",
    ),
    (
        "running-not-written",
        {"lost": MEAN},
        "`bn_param` gets a `running_var` and no `running_mean`. What will test mode take off?",
    ),
    (
        "running-stale",
        {"stale": ("running_mean", "running_var")},
        "After a training call `bn_param` holds the statistics that it held before. Were the new ones put "
        "there at all, or written over at the end by variables that nobody had updated?",
    ),
    (
        "running-stale",
        {"stale": VAR},
        "`running_mean` has moved and `running_var` is as it was before the call. What was the last thing "
        "that was written to it?",
    ),
    (
        "running-stale",
        {"stale": MEAN},
        "`running_var` has moved, while `running_mean` still holds the value of the call before. Which "
        "variable is stored under its name?",
    ),
    (
        "running-in-train",
        {"trains_on": "running"},
        "A training batch is normalised with the running statistics from before it. Whose mean and "
        "variance should a training call use, and who uses the running ones?",
    ),
    (
        "running-in-train",
        {"trains_on": "updated"},
        "The running statistics are updated first, and then the training batch is normalised with them. "
        "Will the columns of `xhat` have mean 0?",
    ),
    (
        "running-updated-in-test",
        {"updates_in_test": "after"},
        "A test call has moved the running statistics. Should the answer to one image depend on which "
        "were asked about before?",
    ),
    (
        "running-updated-in-test",
        {"updates_in_test": "before"},
        "In test mode the statistics are updated with the test batch and then used. What may a test call "
        "do to `bn_param`?",
    ),
    (
        "batch-statistics-in-test",
        {"tests_on": "batch"},
        "In test mode the batch is normalised with its own mean and variance. What would come out for a "
        "single image?",
    ),
    (
        "batch-statistics-in-test",
        {"tests_on": "batch", "updates_in_test": "after"},
        "Both modes do the same: your function never asks for the mode. What should be different in a test?",
    ),
    (
        "batch-statistics-in-test",
        {"tests_on": "batch mean"},
        "In test mode the variance is the running one, and the mean is the test batch's own. Where should "
        "both come from?",
    ),
    (
        "batch-statistics-in-test",
        {"tests_on": "batch variance"},
        "In test mode the mean is the running one, and the variance is measured on the test batch. Which "
        "array in `bn_param` waits to be used?",
    ),
)

# Where the exercise leaves the defaults to the learner.
DEFAULTS: Rows = (
    (
        "default-differs",
        {"default_momentum": 0.1},
        "Where `bn_param` names no momentum, yours is 0.1. Whose default is that, and of which of the two "
        "weights?",
    ),
    (
        "default-differs",
        {"default_momentum": 0.99},
        "Without a momentum in `bn_param` you take 0.99. What does cs231n's layer take?",
    ),
    (
        "default-differs",
        {"default_eps": 1e-8},
        "Where `bn_param` names no `eps`, yours is 1e-8. Which one is it in cs231n's layer?",
    ),
)
