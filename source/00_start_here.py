# %% [markdown]
# # 0 · Start here
#
# Going forward, batch normalization is nine lines of NumPy. How does a gradient find its way back through
# them, and how do you know that it arrived intact?
#
# That is the question of the whole course. This notebook shows what you will have built when you can answer
# it, and how the course works. It takes about half an hour.
#
# You need some Python, some NumPy, and the derivatives of a product, a square and a root. Nothing here uses a
# deep learning framework, because a framework would do the part that you came for.

# %% [markdown]
# ## Is everything here?
#
# Click into the next cell and press Shift+Enter to run it. Its card says whether your installation has what the
# course needs. If something is missing, the card gives the command that mends it.

# %%
from bnlib import environment

environment()

# %% [markdown]
# ## What you will have built
#
# The course has its own batch normalization layer, in the file `bnlib/norms/staged.py`: a plain NumPy function
# of nine lines, one small step in each. You will write such a function yourself in the next notebook.

# %% given=true
import numpy as np

# %% [markdown]
# It needs a batch `x`, here 5 examples with 3 features, and for each feature a `gamma` and a `beta`. What they do comes
# later.

# %%
from bnlib import draw, trace
from bnlib.norms.staged import batchnorm_forward

rng = np.random.default_rng(0)
x = rng.normal(loc=2.0, scale=3.0, size=(5, 3))
gamma, beta = np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, -1.0])

graph = trace(batchnorm_forward, x, gamma, beta, eps=1e-5)

# %% [markdown]
# `trace` has run the function and written down what it did, line by line. The record can be drawn: one box for
# each line, with the name that the line gives to its result and the shape of that array in brackets. The
# drawing is made from the code. Had the code another line, the drawing would have another box.
#
# Before you look at it, a question. The layer uses `x` in two of its lines. Which two could they be?

# %%
draw(graph, dims={"N": 5, "D": 3})

# %% [markdown]
# <details><summary>Compare with your answer</summary>
#
# Two arrows leave <code>x</code>. One goes to the mean <code>mu</code>, the other to <code>xmu</code>, where that mean
# is taken off. On the way back, a part of the gradient will come along each of them.
# </details>

# %% [markdown]
# Now the other direction. Somebody hands the layer `dout`, which says how much the loss changes when each entry
# of `out` changes. The dashed arrows carry that message back, and each is labelled with the name of the
# gradient that travels on it.

# %%
dout = rng.normal(size=(5, 3))
grads = graph.backward(dout)

draw(graph, backward=grads, dims={"N": 5, "D": 3})

# %% [markdown]
# That is a lot of arrows at once, so take them one at a time. Press Play below, or Next. Once you have clicked into the
# picture, the arrow keys do the same. First the values arrive, from left to right. Then the gradient travels back, one
# contribution at a time, and the line of code that it passes is marked. A click on a box opens its numbers.
#
# Look for the places where the gradient can't go on at once, because a second part of it is still on its way.
# How many are there?

# %%
from bnlib import flow

flow(graph, dout)

# %% [markdown]
# <details><summary>Compare with what you found</summary>
#
# There are two, <code>xmu</code> and <code>x</code>. Each was used twice going forward, so each gets two gradients going
# backward, which have to be added up before anything can be passed on.
# </details>

# %% [markdown]
# By the end of notebook 03 you will have written every dashed arrow of this picture as a line of NumPy, and
# every line will have been checked. You will then watch a gradient flow through the graph of your own code.

# %% [markdown]
# ## How an exercise works
#
# An exercise is a cell with a function in it that isn't finished. A banner marked `TODO` says what to compute,
# what to store where, and what to keep in mind. You write your lines under the banner. The names that the
# function returns are set to `None` above it, so that the cell runs before you have written anything.
#
# Right below stands a cell with a check, such as `check("0.1")`. Run your cell, then the check. It calls your
# function with inputs of many kinds (single rows, whole numbers, real images), compares what comes back with
# what is right, and shows a card.
#
# What does a card look like when an answer is wrong? Here is a wrong answer to the exercise that you will do in
# a minute. The task is to take each feature's own mean off its column.

# %%
from bnlib import judge


def careless(x):
    return x - np.mean(x)


judge("0.1", {"center": careless})

# %% [markdown]
# Read it from the top. The first line says which exercise this is and how it stands, the second what was asked for.
# Then comes which result is wrong, how much of it, where the difference is largest, and with which input that was
# found, so that you can make such an input and look for yourself. Where the check recognises what you did, it calls
# the mistake by its name and asks you a question. It never says which line to change. That is your part. Where it
# doesn't recognise anything, it says what it saw and no more.
#
# Can you answer the card's question? What does `np.mean(x)` give for an `x` with 3 columns?

# %%
print(np.mean(x))

# %% [markdown]
# One number, for three features. NumPy subtracted it from everything without a complaint, as it would have done
# with three. No error message will ever tell you of such a mistake. Comparing numbers does.
#
# Apart from the card for a right answer there are two others. One says that you have not started yet, which is no
# failure. The other says that your code stopped with an error, and quotes the line of yours on which it stopped.

# %%
def stops(x):
    return x - means


judge("0.1", {"center": stops})

# %% [markdown]
# ## Your first exercise
#
# ### 0.1 Centre the columns
#
# Difficulty ●○○○○ · about 3 minutes
#
# Write `center(x)`. It gets a batch `x` of shape (N, D), with N examples in the rows and D features in the
# columns, and gives back `xmu`, the batch with each feature's mean taken off. Leave `x` itself as it is.
#
# Before you write: what shape must the means have, and which axis has to disappear for that?

# %% answer="0.1"
def center(x):
    """Take each feature's mean off its column of x (N, D)."""
    xmu = None
    ###########################################################################
    # TODO 0.1: Take the mean of every column off that column.                #
    # Store the result in xmu, of shape (N, D).                               #
    # Don't change x: whoever called the function still needs it.             #
    ###########################################################################
    ### BEGIN SOLUTION
    xmu = x - np.mean(x, axis=0)
    ### END SOLUTION
    return xmu

# %% [markdown]
# Now the check. Run it as often as you like: nothing is counted.

# %% check="0.1"
from bnlib import check

check("0.1")
### BEGIN HIDDEN TESTS
_columns = np.array([[1.0, 10.0], [3.0, 30.0]])
assert np.allclose(center(_columns), [[-1.0, -10.0], [1.0, 10.0]])
### END HIDDEN TESTS

# %% [markdown]
# Every function that you write can be drawn as well, with your own names in it. `look` does that, and says so when
# there is nothing to draw yet.

# %%
from bnlib import look

look(center, x, dims={"N": 5, "D": 3})

# %% [markdown]
# ## When you are stuck
#
# Every exercise has three hints, from vague to plain. Each time you run `hint("0.1")`, you get the next one.
# None of them is the line itself. Take away the `#` below to have a hint.

# %%
from bnlib import hint

# hint("0.1")

# %% [markdown]
# You can also leave an exercise for later. What comes after it works without it, because the demonstrations use
# the course's own functions and not yours.
#
# Should you have spoilt a cell beyond repair, `python -m bnlib reset 0.1` in a terminal puts that exercise back as
# it was, and keeps a copy of the notebook as you left it.

# %% [markdown]
# ## How far you are
#
# `progress()` shows all exercises of the course and how each stood when you last checked it. The record is a small
# file beside the notebooks. It counts for nothing, and you lose nothing but this overview if you delete it.

# %%
from bnlib import progress

progress()

# %% [markdown]
# ## Handing in
#
# What you hand in is the notebook file, saved. How can you know beforehand what a grader will find?
#
# Open a terminal in the folder with your notebooks and make the course's environment active
# (`source ../.venv/bin/activate`, on Windows `..\.venv\Scripts\activate`). Then there are two commands.
#
# ```
# pytest --nbval-lax 00_start_here.ipynb
# python -m bnlib grade 00_start_here.ipynb
# ```
#
# The first runs your notebook from top to bottom in a fresh kernel, and counts every check that does not pass as a
# failed test. Here in the notebook a wrong answer only shows a card, so that "Run All" gets to the end. The
# second takes your answers out of the file, puts them into a clean copy of the notebook, runs that, and prints a
# table of points. It doesn't matter to it if you have changed or deleted other cells.

# %% [markdown]
# ## The map
#
# Twelve notebooks, in order, each with one idea.
#
# | | Notebook | The question it answers |
# |---|---|---|
# | 00 | Start here | How does this course work? |
# | 01 | [The forward pass](01_forward.ipynb) | What does the layer do to a batch, line by line, and why? |
# | 02 | [The chain rule](02_chain_rule.ipynb) | What must a single gate know to pass a gradient back? |
# | 03 | [The backward pass](03_backward.ipynb) | How does the gradient get from `dout` to `x`, `gamma` and `beta`? |
# | 04 | [The gradient check](04_gradient_check.ipynb) | How do you know that a gradient is right? |
# | 05 | [The closed form](05_closed_form.ipynb) | Why does all of it fit into one line? |
# | 06 | [The matrix form](06_matrix_form.ipynb) | What is the layer's Jacobian, and what does it take away? |
# | 07 | [Training and testing](07_train_and_test.ipynb) | What happens when there is no batch to take a mean of? |
# | 08 | [Does it matter?](08_does_it_matter.ipynb) | What does a network do with a wrong backward pass? |
# | 09 | [Beyond the batch](09_beyond_batch.ipynb) | What changes when the mean goes along another axis? |
# | 10 | [Make it fast](10_make_it_fast.ipynb) | How few bytes can a backward pass move? |
# | 11 | [Capstone](11_capstone.ipynb) | Can you write it with no help? |
#
# The notebooks 00 to 03 are the way there and back. From 03, one path goes by 05 to 06 and 09, and a side path to 10.
# Another goes by 07 to 08, which looks back at 05 and 06. The gradient check, 04, fits in at any time after 03. The
# capstone asks for what you know from 03, 05, 07 and 09.
#
# When you look for one thing, a step, a name, a mistake or a picture, the [glossary](12_glossary.ipynb) says where it is
# treated.

# %% [markdown]
# ## What you can do now
#
# You can read the graph of a function, run a check and read its card, ask for a hint, see your progress, and grade
# yourself before anyone else does. `center` was the first two of the layer's nine steps.
#
# Three questions to test yourself. Answer before you unfold.
#
# <details><summary>1. You have written your lines, and the card still says that you have not started. What may have happened?</summary>
#
# The check sees functions as they were when their cell last ran. Either that cell has not been run since, or the
# function still returns <code>None</code>, for instance because the result went into another name.
# </details>
#
# <details><summary>2. <code>x</code> has shape (5, 3). What are the shapes of its mean over axis 0 and over axis 1, and which of them can be taken off <code>x</code> as it is?</summary>
#
# (3,) and (5,). NumPy lines shapes up from the right, so (3,) fits beside (5, 3), and (5,) does not. In a batch with
# as many rows as columns both would fit, and only one would be right.
# </details>
#
# <details><summary>3. A wrong answer doesn't stop "Run All" here, but it fails under <code>pytest --nbval-lax</code>. Why is it made so?</summary>
#
# While you learn, a wrong answer is a normal state, and the cells below should still run. When something else has to
# decide whether the answer is right, it can only see whether the cell raised an error, so there it does.
# </details>

# %% [markdown]
# Next: [1 · The forward pass](01_forward.ipynb)
