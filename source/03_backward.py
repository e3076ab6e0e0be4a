# %% [markdown]
# # 3 · The backward pass
#
# You are given `dout`: for every entry of the layer's output, how much the loss rises when that entry rises. How
# much does the loss rise with each entry of `x`, of `gamma` and of `beta`?
#
# In [notebook 01](01_forward.ipynb) you built batch normalization out of nine small steps. In
# [notebook 02](02_chain_rule.ipynb) you met the rule for going back through one of them: take the gradient from
# above, multiply it by the local derivative, hand the product to the input. Now you walk through the nine steps
# in reverse, one exercise each, and through a last one at the place where `x` came in. Hardly any step needs more
# than two lines. Together they are the backward pass. Allow 45 minutes.
#
# The gradient of the loss with respect to an array `a` is called `da` and has the shape of `a`. Where two
# gradients meet in one array, they are numbered: `dxmu1`, `dxmu2`.

# %% given=true
import numpy as np

# %% [markdown]
# The walk, its names and its numbering are those of F. Kratzert, [Understanding the backward pass through Batch
# Normalization Layer](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)
# (2016), so you can hold the two beside each other. Beware of the copies. In one that goes round, made for
# printing, the code has lost its indentation and does not compile. In another a program has put numbers in the
# place of words: "batch id172" is batch normalization there, and "id26" is backpropagation. Where this notebook
# disagrees with the post itself, it says so and shows why.

# %% [markdown]
# ## Your forward pass
#
# The next cell holds a forward pass. It is the course's. If you wrote your own in notebook 01, paste it over this
# one, with the same name and the same arguments. At the end of this notebook you will see a gradient flow
# through the graph of the code that stands here. Nothing before that depends on it, so you can come back and
# paste it later.

# %% given=true
def batchnorm_forward(x, gamma, beta, eps):
    """Nine steps from x (N, D) to out (N, D). Paste yours here if you like."""
    mu = np.mean(x, axis=0)           # step 1  (D,)
    xmu = x - mu                      # step 2  (N, D)
    sq = xmu**2                       # step 3  (N, D)
    var = np.mean(sq, axis=0)         # step 4  (D,)
    sqrtvar = np.sqrt(var + eps)      # step 5  (D,)
    ivar = 1.0 / sqrtvar              # step 6  (D,)
    xhat = xmu * ivar                 # step 7  (N, D)
    gammax = gamma * xhat             # step 8  (N, D)
    out = gammax + beta               # step 9  (N, D)
    cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
    return out, cache

# %% [markdown]
# ## A batch small enough to follow
#
# Four rows, two columns. You could do all of this notebook's arithmetic on paper, and for a step or two you
# should. The numbers are chosen so that the roots and quotients come out even, and `eps` is 1.5 for that reason
# alone. A layer at work has something like 0.00001.
#
# The demonstrations run the course's own layer, never your answers. If you are stuck at one step, go on to the
# next.

# %%
from bnlib import check, draw, hint, trace
from bnlib.norms import staged

inputs = (
    np.array([[5.0, 1.0], [2.0, 1.0], [4.0, 0.5], [1.0, 0.5]]),  # x
    np.array([4.0, 2.0]),  # gamma
    np.array([1.0, -1.0]),  # beta
)
letters = {"N": 4, "D": 2}

graph = trace(staged.batchnorm_forward, *inputs, eps=1.5)
draw(graph, values=True, dims=letters)

# %% [markdown]
# Follow the first column of numbers from `x` to `out`. Its mean is 3 and its variance 2.5. With `eps` that makes 4
# under the root, so `sqrtvar` is 2 and `ivar` one half.
#
# Now the gradient from above. In a network the next layer sends it. Here it is made up, and its entries differ on
# purpose: one of the questions at the end is what a `dout` of equal numbers would hide.

# %%
upstream = np.array([[1.0, 2.0], [-1.0, 0.0], [3.0, -1.0], [1.0, -2.0]])
grads = graph.backward(upstream)

draw(graph, grads, dims=letters)

# %% [markdown]
# This is the whole way back. Solid arrows are the forward pass. Dashed arrows carry gradients the other way, from
# `out` to `x`, and each bears the name of what travels on it. You will compute one name after the other.
#
# Before you start, find the two arrays into which two dashed arrows lead. They are the places where contributions
# have to be added.
#
# What follows has its numbers in tables. Here is the first one.

# %%
from bnlib.table import table

table(row=range(4), x=graph["x"].value[:, 0], xmu=graph["xmu"].value[:, 0], xhat=graph["xhat"].value[:, 0])

# %% [markdown]
# That was the first column of `x`, centred and normalised. The tables below have the same four rows.

# %% [markdown]
# ## Step 9 adds beta
#
# `out = gammax + beta`. There are four rows, and every one of them gets the same `beta`. Raise `beta[0]` by 1:
# which entries of `out` move, and what has the loss to say about each of them?

# %%
draw(graph, grads, step="out", dims=letters)

# %% [markdown]
# An addition is the gate with the shortest derivative,
#
# $$\frac{\partial\, \mathit{out}_{nd}}{\partial\, \mathit{gammax}_{nd}} = 1, \qquad
# \frac{\partial\, \mathit{out}_{nd}}{\partial\, \beta_d} = 1 \quad\text{for every row } n.$$
#
# Here are upstream and local for the first column, and their products.

# %%
column = upstream[:, 0]
table(row=range(4), upstream_dout=column, local=np.ones(4), product=column * 1)

# %% [markdown]
# For `gammax` that is all: each entry of `gammax` feeds one entry of `out`, so each product is one entry of
# `dgammax`. For `beta` the table gives four answers about one number, `beta[0]`, because it was used four times.
# You know from notebook 02 what becomes of several answers about one number.
#
# ### 3.9 Step 9
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `step9(dout)`. It gives back `dbeta` (D,) and `dgammax` (N, D).
#
# What would `dbeta` be for the table above, and is it the same if you average instead?

# %% answer="3.9"
def step9(dout):
    """Back through out = gammax + beta."""
    dbeta, dgammax = None, None
    ###########################################################################
    # TODO 3.9: Find the gradients of the two inputs of step 9.               #
    # Store the gradient of beta in dbeta, of shape (D,), and the gradient    #
    # of gammax in dgammax, of shape (N, D).                                  #
    # Remember that beta was added to every row, and that dout belongs to     #
    # whoever called you: don't change it.                                    #
    ###########################################################################
    ### BEGIN SOLUTION
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    ### END SOLUTION
    return dbeta, dgammax

# %% [markdown]
# Run the check as often as you like. For a hint, run `hint("3.9")` in a cell of its own.

# %% check="3.9"
check("3.9")

# %% [markdown]
# ### Why a sum
#
# Kratzert's post gives a reason here that a reader had suggested to him: the gradients are summed because the
# loss sums over the samples of the batch. That is not the reason, and another reader says so below the post. If it
# were, a loss that is no such sum would need another rule. Take one: the logarithm of the sum of all exponentials,
# a smooth stand-in for the largest entry of `out`. It can't be written as a sum of one term for each sample.
#
# What is the gradient of `beta` now? Centred differences know nothing of our rules, so they can be the judge.

# %%
from bnlib.gradcheck import numeric_gradient

x_small, gamma_small, beta_small = inputs


def loss(b):
    out, _ = staged.batchnorm_forward(x_small, gamma_small, b, 1.5)
    return np.log(np.sum(np.exp(out)))


exponentials = np.exp(graph["out"].value)
dout_of_this_loss = exponentials / exponentials.sum()

table(
    column=range(2),
    sum_over_rows=dout_of_this_loss.sum(axis=0),
    mean_over_rows=dout_of_this_loss.mean(axis=0),
    measured=numeric_gradient(loss, beta_small, 1.0),
)

# %% [markdown]
# The sum agrees with the measurement, the mean is too small by N = 4. The reason lies inside the layer: one
# `beta[d]` was broadcast to N rows, so it reaches the loss by N ways, and what comes back by several ways adds
# up, whatever the loss is. A broadcast going forward is a sum going backward.
#
# In the code that goes with the post, the line that sets `dgammax` to `dout` has the remark that it is not
# necessary, but more understandable. True, and one thing more: afterwards both names mean the same array. A later
# `dgammax *= gamma` would change the caller's `dout` too. Make new arrays, and the question never comes up.
#
# Now watch step 9 in its place. `dout` stands at `out`. Press Next, or the right arrow key, and one gradient goes on
# at a time; the line of your `step9` that makes it is marked. The numbers are the course's, so a slip of yours
# doesn't spoil the steps to come.

# %%
from bnlib import flow

step_of = {
    "out": 9, "gammax": 8, "xhat": 7, "ivar": 6, "sqrtvar": 5, "var": 4, "sq": 3, "xmu": 2, "mu": 1, "x": 0
}


def played(node, yours):
    """The step back through one node of the layer, with your function for it."""
    steps = {name: (number, yours if name == node else None) for name, number in step_of.items()}
    return flow(graph, upstream, steps, through=node)


played("out", step9)

# %% [markdown]
# `dbeta` is finished. Nothing lies behind `beta`: it is a parameter, and this number is what training needs.

# %% [markdown]
# ## Step 8 multiplies by gamma
#
# `gammax = gamma * xhat`. Suppose training had brought one entry of `gamma` to exactly 0. How much of the
# gradient would get through to `xhat` in that column? And would `gamma` itself still learn?

# %%
draw(graph, grads, step="gammax", dims=letters)

# %% [markdown]
# A product hands each factor the gradient from above times the other factor:
#
# $$\frac{\partial\, \mathit{gammax}_{nd}}{\partial\, \widehat{x}_{nd}} = \gamma_d, \qquad
# \frac{\partial\, \mathit{gammax}_{nd}}{\partial\, \gamma_d} = \widehat{x}_{nd}.$$
#
# So in a column with `gamma` 0 nothing gets through to `xhat`, while `gamma` goes on learning. The first column
# again, where `gamma` is 4:

# %%
above, xhat_column = grads["gammax"][:, 0], graph["xhat"].value[:, 0]
table(
    row=range(4),
    upstream_dgammax=above,
    local_for_xhat=[4.0] * 4,
    to_xhat=above * 4,
    local_for_gamma=xhat_column,
    to_gamma=above * xhat_column,
)

# %% [markdown]
# Row 2, for instance, gets 3 · 4 = 12 for its entry of `xhat`. The last column holds four answers about the one
# number `gamma[0]`.
#
# ### 3.8 Step 8
#
# Difficulty ●●○○○ · about 3 minutes
#
# Write `step8(dgammax, xhat, gamma)`. It gives back `dgamma` (D,) and `dxhat` (N, D).
#
# Which of the two results has something to do with `beta` in step 9?

# %% answer="3.8"
def step8(dgammax, xhat, gamma):
    """Back through gammax = gamma * xhat."""
    dgamma, dxhat = None, None
    ###########################################################################
    # TODO 3.8: Find the gradients of the two factors of step 8.              #
    # Store the gradient of gamma in dgamma, of shape (D,), and the gradient  #
    # of xhat in dxhat, of shape (N, D).                                      #
    # Keep in mind which factor was copied into every row.                    #
    ###########################################################################
    ### BEGIN SOLUTION
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    ### END SOLUTION
    return dgamma, dxhat

# %% [markdown]
# The check uses a `gamma` far from 1. With `gamma` 1 it would not show whether you forgot it.

# %% check="3.8"
check("3.8")

# %% [markdown]
# With this step both parameters have their gradients. From here on everything is about `x`.

# %%
played("gammax", step8)

# %% [markdown]
# ## Step 7 joins two branches
#
# `xhat = xmu * ivar`. Going forward, the numerator and the inverted denominator meet here. Going backward, the
# gradient parts: one share goes straight to `xmu`, the other the long way through the variance.
#
# You have already gone through a gate like this one. Which of its arrays plays which part here?

# %%
draw(graph, grads, step="xhat", dims=letters)

# %% [markdown]
# It is step 8 with other names. `xmu` is a whole array, `ivar` has one entry for each column:
#
# $$\frac{\partial\, \widehat{x}_{nd}}{\partial\, \mathit{xmu}_{nd}} = \mathit{ivar}_d, \qquad
# \frac{\partial\, \widehat{x}_{nd}}{\partial\, \mathit{ivar}_d} = \mathit{xmu}_{nd}.$$
#
# Why is the gradient of `xmu` called `dxmu1`? Because `xmu` was used twice going forward, here and in the square
# of step 3. This is the first of the two contributions, and it has to wait for the other one.

# %%
above, xmu_column = grads["xhat"][:, 0], graph["xmu"].value[:, 0]
table(
    row=range(4),
    upstream_dxhat=above,
    local_for_xmu=[0.5] * 4,
    to_xmu=above * 0.5,
    local_for_ivar=xmu_column,
    to_ivar=above * xmu_column,
)

# %% [markdown]
# ### 3.7 Step 7
#
# Difficulty ●●○○○ · about 2 minutes
#
# Write `step7(dxhat, xmu, ivar)`. It gives back `divar` (D,) and `dxmu1` (N, D).
#
# What is `divar[0]` for the table above?

# %% answer="3.7"
def step7(dxhat, xmu, ivar):
    """Back through xhat = xmu * ivar."""
    divar, dxmu1 = None, None
    ###########################################################################
    # TODO 3.7: Find the gradients of the two factors of step 7.              #
    # Store the gradient of ivar in divar, of shape (D,), and the first       #
    # contribution to the gradient of xmu in dxmu1, of shape (N, D).          #
    ###########################################################################
    ### BEGIN SOLUTION
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    ### END SOLUTION
    return divar, dxmu1

# %% [markdown]
# If you wrote step 8, this one is a matter of names, and names are what goes wrong in it.

# %% check="3.7"
check("3.7")

# %% [markdown]
# If the mean and the variance were constants, you would be finished: `dxmu1` would be the gradient of `x`. They
# are not, they were computed from `x`. The next steps follow that second influence.

# %%
played("xhat", step7)

# %% [markdown]
# ## Step 6 inverts
#
# `ivar = 1 / sqrtvar`. In the first column `sqrtvar` is 2 and `ivar` is 0.5. Raise `sqrtvar` a little, to 2.01.
# Does `ivar` rise or fall, and by how much for each 1 that `sqrtvar` gains?

# %%
(1 / 2.01 - 1 / 2) / 0.01

# %% [markdown]
# About minus a quarter. The exact slope is the derivative of the power -1:
#
# $$\frac{\partial\, \mathit{ivar}_d}{\partial\, \mathit{sqrtvar}_d} = -\frac{1}{\mathit{sqrtvar}_d^2},
# \qquad\text{here } -\frac{1}{2^2}.$$

# %%
draw(graph, grads, step="ivar", dims=letters)

# %% [markdown]
# One input, one output, all of shape (D,). The table has a line for each of the two columns this time.

# %%
s = graph["sqrtvar"].value
table(column=range(2), upstream_divar=grads["ivar"], sqrtvar=s, local=-1 / s**2, product=grads["ivar"] * -1 / s**2)

# %% [markdown]
# ### 3.6 Step 6
#
# Difficulty ●●○○○ · about 2 minutes
#
# Write `step6(divar, sqrtvar)`. It gives back `dsqrtvar` (D,).
#
# Is there anything to sum here? How can you tell from the shapes alone?

# %% answer="3.6"
def step6(divar, sqrtvar):
    """Back through ivar = 1 / sqrtvar."""
    dsqrtvar = None
    ###########################################################################
    # TODO 3.6: Find the gradient of the input of step 6.                     #
    # Store it in dsqrtvar, of shape (D,).                                    #
    # Mind the sign, and the power.                                           #
    ###########################################################################
    ### BEGIN SOLUTION
    dsqrtvar = -divar / sqrtvar**2
    ### END SOLUTION
    return dsqrtvar

# %% [markdown]
# If the card speaks of other values, give your function the `divar` and `sqrtvar` of the table above, and compare
# what comes back with its last column.

# %% check="3.6"
check("3.6")

# %% [markdown]
# The gradient is in the branch of the variance now. `dxmu1` is waiting at `xmu`.

# %%
played("ivar", step6)

# %% [markdown]
# ## Step 5 takes the root
#
# `sqrtvar = np.sqrt(var + eps)`. Going forward, `eps` keeps the root away from 0. Does it appear in the
# derivative with respect to `var`, although it is only added?

# %%
draw(graph, grads, step="sqrtvar", dims=letters)

# %% [markdown]
# It does, because the slope of a root depends on where you stand:
#
# $$\frac{\partial\, \mathit{sqrtvar}_d}{\partial\, \mathit{var}_d} =
# \frac{1}{2}\,\frac{1}{\sqrt{\mathit{var}_d + \varepsilon}}.$$
#
# What if it were forgotten on the way back? The last line of this table leaves it out.

# %%
var, above = graph["var"].value, grads["sqrtvar"]
local, forgotten = 0.5 / np.sqrt(var + 1.5), 0.5 / np.sqrt(var)
table(
    what=["upstream dsqrtvar", "local", "product", "product without eps"],
    column_0=[above[0], local[0], above[0] * local[0], above[0] * forgotten[0]],
    column_1=[above[1], local[1], above[1] * local[1], above[1] * forgotten[1]],
)

# %% [markdown]
# In the first column the mistake makes the result about a quarter too large, in the second, whose variance is far
# smaller than `eps`, five times. With `eps` at 0.00001 and a variance near 1 nobody would see it, so the check
# looks at columns where the two are of one size.
#
# ### 3.5 Step 5
#
# Difficulty ●●○○○ · about 2 minutes
#
# Write `step5(dsqrtvar, var, eps)`. It gives back `dvar` (D,).
#
# Which array that you already have is the root, so that you need not take it again?

# %% answer="3.5"
def step5(dsqrtvar, var, eps):
    """Back through sqrtvar = sqrt(var + eps)."""
    dvar = None
    ###########################################################################
    # TODO 3.5: Find the gradient of var.                                     #
    # Store it in dvar, of shape (D,).                                        #
    # The slope has to be taken where the forward pass stood: where is eps?   #
    ###########################################################################
    ### BEGIN SOLUTION
    dvar = 0.5 * dsqrtvar / np.sqrt(var + eps)
    ### END SOLUTION
    return dvar

# %% [markdown]
# A column that hardly varies is among the inputs of this check, and so are pixels that are always blank.

# %% check="3.5"
check("3.5")

# %% [markdown]
# ### A cache with three names for one thing
#
# The root was in the forward pass's cache all along, as `sqrtvar`. The cache of the post, which this course keeps
# so that you can compare, holds `var`, `sqrtvar` and `ivar`. How many of them would be enough?

# %%
table(
    column=range(2),
    var=var,
    var_from_ivar=graph["ivar"].value ** -2.0 - 1.5,
    sqrtvar=graph["sqrtvar"].value,
    sqrtvar_from_ivar=1 / graph["ivar"].value,
)

# %% [markdown]
# One, together with `eps`. With `ivar` alone steps 6 and 5 become a single factor, minus one half times `ivar` to
# the third power. The three are kept so that every step finds its own numbers. `step5` gets `var` and `eps` and
# takes the root a second time, as the post's code does. Another version of that code, by rocking5566
# ([Batchnorm backward](https://gist.github.com/rocking5566/57baa55f38c2c07346bdc7660fcfd19a), 2023), takes
# `sqrtvar` from the cache there. Later in the course the spare ones go.

# %%
played("sqrtvar", step5)

# %% [markdown]
# ## Step 4 averages the squares
#
# `var = np.mean(sq, axis=0)`. Up to here arrays became smaller on the way back: (N, D) was summed to (D,). Now
# `dvar` is (D,), and its input `sq` is (N, D). Where do the numbers for the N rows come from?

# %%
draw(graph, grads, step="var", dims=letters)

# %% [markdown]
# Every row has the same share in a mean,
#
# $$\frac{\partial\, \mathit{var}_d}{\partial\, \mathit{sq}_{nd}} = \frac{1}{N} \quad\text{for every row } n,$$
#
# so every row hears the same upstream number, and each multiplies it by 1/N.

# %%
table(row=range(4), upstream_dvar=[grads["var"][0]] * 4, local=[1 / 4] * 4, product=[grads["var"][0] / 4] * 4)

# %% [markdown]
# This is the mirror image of step 9. There, one number was handed out to N rows going forward, and N numbers were
# summed going backward. Here N numbers are summed going forward, and one number is handed out going backward. The
# mean's 1/N is left over as a factor.
#
# ### 3.4 Step 4
#
# Difficulty ●●○○○ · about 3 minutes
#
# Write `step4(dvar, shape)`, where `shape` is the tuple (N, D). It gives back `dsq` (N, D).
#
# The product `dvar / N` has the shape (D,), and NumPy would broadcast it whenever it meets an (N, D). Why give
# back all N rows nevertheless?

# %% answer="3.4"
def step4(dvar, shape):
    """Back through var = mean(sq, axis=0)."""
    dsq = None
    ###########################################################################
    # TODO 3.4: Find the gradient of sq.                                      #
    # Store it in dsq, of the given shape (N, D).                             #
    # A gradient has the shape of the array that it is the gradient of.       #
    ###########################################################################
    ### BEGIN SOLUTION
    N, D = shape
    dsq = np.ones((N, D)) * dvar / N
    ### END SOLUTION
    return dsq

# %% [markdown]
# The divisor is the number of rows. The check has no batch with as many rows as columns, so D won't do.

# %% check="3.4"
check("3.4")

# %% [markdown]
# So why all N rows? A (D,) would fit into step 3 by luck and fail elsewhere. Summed over `axis=0`, for instance, it
# becomes a single number, and NumPy doesn't complain.
#
# The post builds `dsq` from an array of ones. That is N times D numbers in memory of which only D are different.
# `np.broadcast_to(dvar / N, (N, D))` has the same entries and keeps D of them. Both are right.

# %%
played("var", step4)

# %% [markdown]
# ## Step 3 squares
#
# `sq = xmu**2`. In the first column `xmu` is 2 in row 0 and -2 in row 3. Their squares are equal, and step 4 has
# sent both rows the same gradient. Do they get the same `dxmu2`?

# %%
draw(graph, grads, step="sq", dims=letters)

# %% [markdown]
# The derivative of a square remembers the sign that the square forgot:
#
# $$\frac{\partial\, \mathit{sq}_{nd}}{\partial\, \mathit{xmu}_{nd}} = 2\, \mathit{xmu}_{nd}.$$

# %%
above = grads["sq"][:, 0]
table(row=range(4), upstream_dsq=above, local=2 * xmu_column, product=above * 2 * xmu_column)

# %% [markdown]
# Rows 0 and 3 are pushed in opposite directions. To change the variance, you move the two outer entries apart or
# together.
#
# ### 3.3 Step 3
#
# Difficulty ●○○○○ · about 2 minutes
#
# Write `step3(dsq, xmu)`. It gives back `dxmu2` (N, D), the second contribution to `xmu`.
#
# `sq` could have been written as `xmu * xmu`. What does the rule for products say about that?

# %% answer="3.3"
def step3(dsq, xmu):
    """Back through sq = xmu**2."""
    dxmu2 = None
    ###########################################################################
    # TODO 3.3: Find what the square sends back to xmu.                       #
    # Store it in dxmu2, of shape (N, D).                                     #
    ###########################################################################
    ### BEGIN SOLUTION
    dxmu2 = 2.0 * xmu * dsq
    ### END SOLUTION
    return dxmu2

# %% [markdown]
# As a product, each of the two factors gets `dsq * xmu`, and both factors are `xmu`. That is where the 2 comes
# from.

# %% check="3.3"
check("3.3")

# %% [markdown]
# Keep your eye on `xmu`: here comes the second of its contributions. Only then can the gradient go on from there.

# %%
played("sq", step3)

# %% [markdown]
# ## Step 2 centres
#
# `xmu = x - mu`. Two things happen in this step, and the first is a question you have met in notebook 02: `xmu`
# was used twice, and both uses have sent a gradient. What is the gradient of `xmu`?

# %%
draw(graph, grads, step="xmu", dims=letters)

# %% [markdown]
# Once the gradient of `xmu` is known, the gate itself is a subtraction with a broadcast in it:
#
# $$\frac{\partial\, \mathit{xmu}_{nd}}{\partial\, x_{nd}} = 1, \qquad
# \frac{\partial\, \mathit{xmu}_{nd}}{\partial\, \mu_d} = -1 \quad\text{for every row } n.$$

# %%
first = grads.contribution("xhat", "xmu").value[:, 0]
second = grads.contribution("sq", "xmu").value[:, 0]
table(
    row=range(4),
    dxmu1=first,
    dxmu2=second,
    together=first + second,
    to_x=(first + second) * 1,
    to_mu=(first + second) * -1,
)

# %% [markdown]
# ### 3.2 Step 2
#
# Difficulty ●●●○○ · about 4 minutes
#
# Write `step2(dxmu1, dxmu2)`. It gives back `dx1` (N, D), the first of two contributions to `x`, and `dmu` (D,).
#
# The last column of the table holds four answers about the one number `mu[0]`. What is `dmu[0]`?

# %% answer="3.2"
def step2(dxmu1, dxmu2):
    """Back through xmu = x - mu, where two contributions to xmu have met."""
    dx1, dmu = None, None
    ###########################################################################
    # TODO 3.2: Find the gradients of the two inputs of step 2.               #
    # Store the first contribution to the gradient of x in dx1, of shape      #
    # (N, D), and the gradient of mu in dmu, of shape (D,).                   #
    # Make up your mind about the gradient of xmu first. Then mind the minus. #
    ###########################################################################
    ### BEGIN SOLUTION
    dxmu = dxmu1 + dxmu2
    dx1 = dxmu
    dmu = -np.sum(dxmu, axis=0)
    ### END SOLUTION
    return dx1, dmu

# %% [markdown]
# An assignment `dxmu = dxmu1` followed by `dxmu += dxmu2` would change `dxmu1`, which is not yours. The check
# would tell you so.

# %% check="3.2"
check("3.2")

# %% [markdown]
# ### A part that makes no difference
#
# Which of the two contributions does `dmu` come from? Sum them over the rows one by one.

# %%
table(
    column=range(2),
    sum_of_dxmu1=grads.contribution("xhat", "xmu").value.sum(axis=0),
    sum_of_dxmu2=grads.contribution("sq", "xmu").value.sum(axis=0),
    dmu=grads["mu"],
)

# %% [markdown]
# All of `dmu` comes from `dxmu1`. That is no accident of this batch. In each column `dxmu2` is `xmu` times one and
# the same number, and every column of `xmu` sums to 0, because the mean has been taken off. Somebody who leaves
# `dxmu2` out of `dmu` gets the right gradient, and the check accepts it. Somebody who leaves it out of `dx1`
# doesn't. The short form of the backward pass, later in the course, begins with this 0.

# %%
played("xmu", step2)

# %% [markdown]
# The arrow from `xmu` straight back to `x`, the one with `dx1`, deserves a second look. A well-known copy of this
# figure lacks the edge that it runs along. The code of step 2 says otherwise: it reads `x`.

# %% [markdown]
# ## Step 1 takes the mean
#
# `mu = np.mean(x, axis=0)`. There is nothing new in this step. Before you scroll on, write down which of your
# functions it resembles, and what the four entries of the first column of `dx2` are if `dmu[0]` is -8.

# %%
draw(graph, grads, step="mu", dims=letters)

# %% [markdown]
# A mean again, so the local derivative is
#
# $$\frac{\partial\, \mu_d}{\partial\, x_{nd}} = \frac{1}{N} \quad\text{for every row } n.$$

# %%
table(row=range(4), upstream_dmu=[grads["mu"][0]] * 4, local=[1 / 4] * 4, product=[grads["mu"][0] / 4] * 4)

# %% [markdown]
# ### 3.1 Step 1
#
# Difficulty ●○○○○ · about 1 minute
#
# Write `step1(dmu, shape)`, where `shape` is the tuple (N, D). It gives back `dx2` (N, D), the second
# contribution to `x`.
#
# Could you call a function that you have already written?

# %% answer="3.1"
def step1(dmu, shape):
    """Back through mu = mean(x, axis=0)."""
    dx2 = None
    ###########################################################################
    # TODO 3.1: Find what the mean sends back to x.                           #
    # Store it in dx2, of the given shape (N, D).                             #
    ###########################################################################
    ### BEGIN SOLUTION
    N, D = shape
    dx2 = np.ones((N, D)) * dmu / N
    ### END SOLUTION
    return dx2

# %% [markdown]
# `step4(dmu, shape)` would do. Two gates with the same operation have the same way back.

# %% check="3.1"
check("3.1")

# %% [markdown]
# After this all nine steps are undone, and two arrows have reached `x`.

# %%
played("mu", step1)

# %% [markdown]
# ## Step 0 is the input
#
# No gate stands here. `x` was used twice going forward: in the mean of step 1 and in the subtraction of step 2.
# What is its gradient?

# %%
draw(graph, grads, step="x", dims=letters)

# %% [markdown]
# `x` reaches the loss by two ways, and each has brought its part of the gradient back,
#
# $$\frac{\partial\, \mathit{loss}}{\partial\, x_{nd}} = \mathit{dx1}_{nd} + \mathit{dx2}_{nd}.$$
#
# This is the first column of both.

# %%
way_of_xmu = grads.contribution("xmu", "x").value
way_of_mu = grads.contribution("mu", "x").value
table(row=range(4), dx1=way_of_xmu[:, 0], dx2=way_of_mu[:, 0], dx=grads["x"][:, 0])

# %% [markdown]
# ### 3.0 Step 0
#
# Difficulty ●○○○○ · about 1 minute
#
# Write `step0(dx1, dx2)`. It gives back `dx` (N, D).
#
# Suppose you trusted the figure without the edge from `x` to `xmu`. Which column of the table would you take for
# the gradient, and what would be odd about it?

# %% answer="3.0"
def step0(dx1, dx2):
    """The two contributions to x meet."""
    dx = None
    ###########################################################################
    # TODO 3.0: Find the gradient of the layer's input.                       #
    # Store it in dx, of shape (N, D). Make a new array for it.               #
    ###########################################################################
    ### BEGIN SOLUTION
    dx = dx1 + dx2
    ### END SOLUTION
    return dx

# %% [markdown]
# Without that edge only `dx2` would arrive, and all rows of a column would get the same gradient: the loss would
# ask every example for the same change.

# %% check="3.0"
check("3.0")

# %%
played("x", step0)

# %% [markdown]
# ### Something every dx has
#
# Add up the columns of `dx`. Before you run the cell: think of what happens to `out` if all entries of a column
# of `x` rise by the same amount. What does that say about the sum of their gradients?

# %%
shifted, _ = staged.batchnorm_forward(x_small + 10.0, gamma_small, beta_small, 1.5)
table(
    column=range(2),
    largest_change_of_out=np.abs(shifted - graph["out"].value).max(axis=0),
    sum_of_dx=np.round(grads["x"].sum(axis=0), 12) + 0.0,
)

# %% [markdown]
# Adding 10 to a column changes nothing: the mean takes it off again. So the loss can't have a preference about
# it, and the columns of `dx` sum to 0. If yours do not, the path through `mu` is missing. This costs one line to
# look at, and it needs no second opinion.

# %%
draw(graph, grads, dims=letters)

# %% [markdown]
# ## The whole backward pass
#
# You have ten functions. What is left is the order, and who hands what to whom. The picture above is the plan:
# begin at `out`, end at `x`, and write down what each node sends.
#
# ### 3.10 From dout to dx
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `batchnorm_backward(dout, cache)`. The cache is the one of the forward pass,
# `(xhat, gamma, xmu, ivar, sqrtvar, var, eps)`. It gives back `dx` (N, D), `dgamma` (D,) and `dbeta` (D,).
#
# You may call your ten functions or write their lines out. `x`, `mu`, `sq` and `out` are not in the cache: does
# any step need them?

# %% answer="3.10"
def batchnorm_backward(dout, cache):
    """Carry dout (N, D) back through the layer whose forward pass left this cache."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 3.10: Put the ten steps together.                                  #
    # Store the gradient of x in dx, of shape (N, D), and those of gamma and  #
    # beta in dgamma and dbeta, of shape (D,).                                #
    # Unpack the cache first. Two of your functions want the shape (N, D);    #
    # dout has it.                                                            #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    dbeta, dgammax = step9(dout)
    dgamma, dxhat = step8(dgammax, xhat, gamma)
    divar, dxmu1 = step7(dxhat, xmu, ivar)
    dsqrtvar = step6(divar, sqrtvar)
    dvar = step5(dsqrtvar, var, eps)
    dsq = step4(dvar, dout.shape)
    dxmu2 = step3(dsq, xmu)
    dx1, dmu = step2(dxmu1, dxmu2)
    dx2 = step1(dmu, dout.shape)
    dx = step0(dx1, dx2)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# The check runs it on small batches, on a single row, in float32 and on real images.

# %% check="3.10"
check("3.10")
### BEGIN HIDDEN TESTS
_x = np.array([[5.0, 1.0], [2.0, 1.0], [4.0, 0.5], [1.0, 0.5]])
_dout = np.array([[1.0, 2.0], [-1.0, 0.0], [3.0, -1.0], [1.0, -2.0]])
_xmu = _x - _x.mean(axis=0)
_root = np.sqrt(_x.var(axis=0) + 1.5)
_gamma = np.array([4.0, 2.0])
_cache = (_xmu / _root, _gamma, _xmu, 1 / _root, _root, _x.var(axis=0), 1.5)
_dx, _dgamma, _dbeta = batchnorm_backward(_dout, _cache)
assert np.allclose(_dx, [[-1.0, 3.52], [-3.5, 0.32], [3.5, -1.12], [1.0, -2.72]])
assert np.allclose(_dgamma, [2.0, 1.0])
assert np.allclose(_dbeta, [4.0, -1.0])
### END HIDDEN TESTS

# %% [markdown]
# ## Two witnesses
#
# Why believe your `dx`? The check compared it with the course's formulas, which might be wrong in the same way as
# yours. There are two witnesses who have never seen a formula for this layer. One is the graph, which only knows
# how to go back through single operations. The other is the centred difference, which moves one entry of `x` at a
# time by 0.00001, runs the forward pass twice and looks at what happens.
#
# The table gives, for each gradient, how far yours lies from each of the two, as the largest relative error. If
# you have not written 3.10 yet, a card says so.

# %%
from bnlib import digits_batch, judge
from bnlib.gradcheck import relative_error


def witnesses():
    rng = np.random.default_rng(3)
    point = {"x": rng.normal(2.0, 3.0, (6, 4)), "gamma": rng.uniform(1, 2, 4), "beta": rng.normal(size=4)}
    dout, eps = rng.normal(size=(6, 4)), 1e-5

    _, cache = staged.batchnorm_forward(**point, eps=eps)
    yours = dict(zip(("x", "gamma", "beta"), batchnorm_backward(dout, cache), strict=True))
    from_graph = trace(staged.batchnorm_forward, *point.values(), eps=eps).backward(dout)
    measured = {
        name: numeric_gradient(
            lambda moved, name=name: staged.batchnorm_forward(**{**point, name: moved}, eps=eps)[0], point[name], dout
        )
        for name in point
    }
    return table(
        gradient=[f"d{name}" for name in point],
        yours_against_the_graph=[f"{relative_error(yours[name], from_graph[name]):.0e}" for name in point],
        yours_against_differences=[f"{relative_error(yours[name], measured[name]):.0e}" for name in point],
    )


verdict = judge("3.10", globals())
witnesses() if verdict.passed else verdict

# %% [markdown]
# Against the graph there is nothing left, or the rounding of the last digits, depending on how you wrote your
# lines. The difference quotient is a blunter tool and still agrees to many digits. When such a number is good, and
# when it deceives, is the subject of [notebook 04](04_gradient_check.ipynb).

# %% [markdown]
# ## The gradient flows through your code
#
# Now back to the cell near the top that holds your forward pass. This is the graph of what stands there, with the
# names that you gave.

# %%
from bnlib import look

look(batchnorm_forward, *inputs, eps=1.5, dims=letters)

# %% [markdown]
# Send the same `dout` back through it, and watch. Below the picture stand your forward pass and, once the gradient is on
# its way, the step of yours that undoes the line it passes. At which point does the gradient of `xmu` become complete, and
# what has to arrive before that?

# %%
from bnlib import watch

watch(
    batchnorm_forward,
    *inputs,
    eps=1.5,
    dout=upstream,
    steps={
        "out": (9, step9),
        "gammax": (8, step8),
        "xhat": (7, step7),
        "ivar": (6, step6),
        "sqrtvar": (5, step5),
        "var": (4, step4),
        "sq": (3, step3),
        "xmu": (2, step2),
        "mu": (1, step1),
        "x": (0, step0),
    },
)

# %% [markdown]
# Now break it. Under the picture you can cut an edge: what would come back along it is left out. Cut `dmu`, and you have the
# mistake of those who forget the path through the mean. Open `x`: do the columns of `dx` still sum to 0? Then put it back, and cut only
# the part of `dmu` that came from `dxmu2`, through the variance. Nothing changes. Why not?
#
# <details><summary>Compare with your answer</summary>
#
# That part is minus the sum of <code>dxmu2</code> over the rows, and <code>dxmu2</code> is <code>xmu</code> times one number for
# each column. The columns of <code>xmu</code> sum to 0, so it is 0 whatever <code>dout</code> is.
# </details>

# %% [markdown]
# Nobody told this picture what batch normalization is. It was made from the code in your cell, line by line, with
# one rule for each NumPy operation in it. Write the variance in another way, and the graph has another shape; the
# gradient of `x` stays the same. If you want to see that, replace the two lines of steps 3 and 4 by
# `var = np.mean(x**2, axis=0) - mu**2` up there, and run the cells below it again.

# %% [markdown]
# ## On real digits
#
# One look at real data: 64 images of handwritten digits, 64 pixels each, a random `dout`, `gamma` 1 and `beta` 0.
# Some pixels at the edges are blank in every image of the batch, so their variance is 0. Where on the image would
# you expect the largest gradients?

# %%
images, _ = digits_batch(64, seed=3)
message = np.random.default_rng(0).normal(size=images.shape)
spread = images.std(axis=0)


def size_of_dx(eps):
    """The root of the mean square of dx at each pixel."""
    _, cache = staged.batchnorm_forward(images, np.ones(64), np.zeros(64), eps)
    dx, _, _ = staged.batchnorm_backward(message, cache)
    return np.sqrt(np.mean(dx**2, axis=0))


choices = [1e-5, 1e-3, 0.1, 1.0, 10.0]
table(
    eps=choices,
    blank_pixels=[size_of_dx(eps)[spread == 0].mean() for eps in choices],
    pixels_with_ink=[size_of_dx(eps)[spread > 1].mean() for eps in choices],
    one_over_root_of_eps=[1 / np.sqrt(eps) for eps in choices],
)

# %% [markdown]
# The largest gradients belong to pixels on which none of the 64 images has any ink. Look at the map, and move
# `eps`.

# %%
from bnlib import picture, play
from bnlib.style import figure


def maps(eps):
    fig, axes = figure(1, 2, width=7, height=3.2)
    size = size_of_dx(eps)
    for ax, values, title in zip(axes, (spread, size), ("standard deviation", "size of dx"), strict=True):
        fig.colorbar(ax.imshow(values.reshape(8, 8), cmap="cividis"), ax=ax)
        ax.set(title=title, xticks=[], yticks=[])
    return picture(
        fig,
        alt="Two 8 by 8 maps of pixels. Left, how much each pixel varies: most in the middle, not at all in some "
        f"places at the edges. Right, the size of dx with eps = {eps:g}: about {size[spread == 0].mean():.2g} where "
        f"the pixels are always blank and {size[spread > 1].mean():.2g} where there is ink.",
    )


play(maps, eps=choices)

# %% [markdown]
# Step 7 explains it. `dxmu1` is `dxhat` times `ivar`, and where the variance is 0, `ivar` is one over the root of
# `eps`, the last column of the table. The layer is very sensitive to a first drop of ink on a pixel that was
# blank in the whole batch. Only `eps` stands between that sensitivity and infinity.

# %% [markdown]
# ## What you can do now
#
# You can take a gradient back through batch normalization, one gate at a time, and say for every line why it is
# there: a broadcast became a sum, a mean became a share for each row, a fan-out became an addition. You have a
# `batchnorm_backward` of your own that agrees with two independent witnesses.
#
# Three questions, before you go.
#
# <details><summary>1. Which of the ten steps sum over rows, and what do they have in common?</summary>
#
# Steps 9, 8, 7 and 2. In each of them a (D,) array (<code>beta</code>, <code>gamma</code>, <code>ivar</code>,
# <code>mu</code>) met an (N, D) array going forward and was broadcast to its rows.
# </details>
#
# <details><summary>2. Somebody's columns of dx sum to 0, but dx is wrong where the batch's variance is small
# compared with eps, and right where it is large. What would you look at first?</summary>
#
# Step 5. The path through the mean is there, or the sums would not be 0. <code>eps</code> matters only beside a
# small variance, so it was probably left out of the root on the way back, or stands outside it.
# </details>
#
# <details><summary>3. If dout is the same number everywhere, what is dx?</summary>
#
# 0. In each column <code>dxhat</code> is a constant. Then <code>divar</code> is that constant times the sum of
# <code>xmu</code>, which is 0, so nothing comes through the variance; and <code>dmu</code> takes off exactly what
# <code>dxmu1</code> brings. Such a <code>dout</code> can't find a mistake in the branch of the variance.
# </details>

# %% [markdown]
# Next: [4 · The gradient check](04_gradient_check.ipynb), on how to know that a gradient is right.
