"""What goes wrong in the layer of a batch normalization with two modes, in training and in a test."""

from __future__ import annotations

from .layers import Rows, columns_for_n, per_n_minus_1, rows_for_n, times_n

BOTH = (0, 1)

LAYER: Rows = (
    (
        "no-axis",
        {"train": {"mean_over": BOTH, "var_over": BOTH}},
        "One mean and one variance serve all columns. How many features has `x`, and how many statistics "
        "should it have?",
    ),
    (
        "no-axis",
        {"train": {"var_over": BOTH}},
        "The columns are centred one by one and then all divided by one number. Which of your two "
        "statistics is a scalar?",
    ),
    (
        "no-axis",
        {"train": {"var_over": BOTH, "var_weight": rows_for_n}},
        "All squares were added up, those of every column, and divided by N. Which sum is it whose axis "
        "is missing, and what shape should it leave?",
    ),
    (
        "no-axis",
        {"train": {"mean_over": BOTH}},
        "Every column has lost the mean of the whole array. What do the columns of `xhat` sum to?",
    ),
    (
        "statistics-wrong-axis",
        {"train": {"mean_over": (1,), "var_over": (1,)}},
        "The rows were normalised, one by one. In a batch, along which axis do you find all the values of "
        "one feature?",
    ),
    (
        "eps-outside-root",
        {"train": {"root": "eps outside"}, "test": {"root": "eps outside"}},
        "`eps` is added after the root, in both modes. What comes out for a column whose variance is "
        "about `eps`?",
    ),
    (
        "eps-outside-root",
        {"train": {"root": "eps outside"}},
        "In training `eps` stands behind the root, in a test under it. Can one network have two layers?",
    ),
    (
        "eps-outside-root",
        {"test": {"root": "eps outside"}},
        "The root of the test branch has `eps` behind it. How does your training branch divide?",
    ),
    (
        "eps-forgotten",
        {"train": {"root": "no eps"}, "test": {"root": "no eps"}},
        "Neither mode uses `eps`. What is a constant column divided by?",
    ),
    (
        "eps-forgotten",
        {"train": {"root": "no eps"}},
        "In training you divide by the bare deviation. In which mode did you remember `eps`?",
    ),
    (
        "eps-forgotten",
        {"test": {"root": "no eps"}},
        "Your test mode divides by the root of `running_var` alone. What is it while nothing has been "
        "learned yet?",
    ),
    (
        "hard-coded",
        {"train": {"root": "own eps"}, "test": {"root": "own eps"}},
        "The layer works with an `eps` of 1e-5 whatever is asked for. Who sets it?",
    ),
    (
        "divided-by-variance",
        {"train": {"root": "no root"}, "test": {"root": "no root"}},
        "Columns are divided by their variance in both modes. What standard deviation does a column of "
        "`xhat` get that had 2 before?",
    ),
    (
        "divided-by-variance",
        {"train": {"root": "no root"}},
        "A training batch is divided by its variance. Which function is missing between that and the "
        "fraction?",
    ),
    (
        "divided-by-variance",
        {"test": {"root": "no root"}},
        "In test mode the division is by `running_var` itself. What would you have to keep for that to be "
        "right, and what do you keep?",
    ),
    (
        "deviation-subtracted",
        {"train": {"subtract": True}, "test": {"subtract": True}},
        "The deviation is subtracted, in training and in a test. What spread has a column after a number "
        "was taken off it?",
    ),
    (
        "deviation-subtracted",
        {"train": {"subtract": True}},
        "The root is taken off the centred batch where something else should be done with it. What are "
        "the standard deviations of your `out`, divided by `gamma`?",
    ),
    (
        "deviation-subtracted",
        {"test": {"subtract": True}},
        "The test branch subtracts the root of `running_var`. What does the training branch do with its "
        "root?",
    ),
    (
        "n-minus-1",
        {"train": {"var_weight": per_n_minus_1}},
        "The batch is normalised with N - 1 in its variance. What is the mean square of a column of "
        "`xhat` then, and what becomes of a batch of one row?",
    ),
    (
        "one-over-n-lost",
        {"train": {"var_weight": times_n}},
        "The variance is a sum of squares that nobody divided. How does it change when the batch is doubled?",
    ),
    (
        "d-for-n",
        {"train": {"var_weight": columns_for_n}},
        "The squares of a column are divided by the number of columns. How many squares does one sum hold?",
    ),
    (
        "not-centred",
        {"train": {"centre": "var"}},
        "In training `x` is divided by the root of its variance with the mean still in it. Which array "
        "did you centre, and which did you divide?",
    ),
    (
        "not-centred",
        {"train": {"centre": "xhat"}},
        "The variance was taken of `x` around 0. Around which number does a variance measure?",
    ),
    (
        "gamma-missing",
        {"train": {"out": "no gamma"}, "test": {"out": "no gamma"}},
        "`gamma` isn't used in either mode. Which gradient would it get in training?",
    ),
    (
        "gamma-missing",
        {"test": {"out": "no gamma"}},
        "`gamma` is there in training and missing in test mode. Which parameters does a trained layer "
        "bring along?",
    ),
    (
        "beta-missing",
        {"train": {"out": "no beta"}, "test": {"out": "no beta"}},
        "Nothing is shifted by `beta`. What would a column of `out` have for a mean?",
    ),
    (
        "beta-missing",
        {"test": {"out": "no beta"}},
        "In test mode `beta` is left out. Was it learned for nothing?",
    ),
    (
        "scale-shift-missing",
        {"train": {"out": "neither"}, "test": {"out": "neither"}},
        "What you return is `xhat`. Which two arguments haven't been used?",
    ),
    (
        "scale-shift-missing",
        {"test": {"out": "neither"}},
        "Test mode stops at the normalised rows. What happened to them in training next?",
    ),
    (
        "shift-before-scale",
        {"train": {"out": "beta scaled"}, "test": {"out": "beta scaled"}},
        "`beta` has been multiplied by `gamma`. Which of the two steps comes last?",
    ),
    (
        "gamma-beta-swapped",
        {"train": {"out": "swapped"}, "test": {"out": "swapped"}},
        "`gamma` and `beta` have changed places. Which one is called a scale?",
    ),
)
