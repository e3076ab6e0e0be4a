# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · The chain rule, one gate at a time
#
# A gradient runs backward through the whole layer, and no node on its way knows what the layer is for. What
# does a single node have to know to do its part?
#
# Very little, as it turns out. In this notebook you find the rule for five kinds of node, and then write a
# backward pass that works on any graph. There are six exercises, and it takes about 45 minutes.

# %% [markdown]
# The answers in this notebook need NumPy and nothing else.

# %% given=true
import numpy as np

# %% [markdown]
# The demonstrations use the course's helpers too.

# %%
from bnlib import check, draw, flow, hint, judge, picture, play, trace
from bnlib.style import ACCENT, GRADIENT, INK, MUTED, figure

# %% [markdown]
# ## What a gate knows
#
# Take any operation with two inputs, $z = f(x, y)$, somewhere in a calculation that ends in one number, the
# loss $L$. Call it a gate. Kratzert (2016) explains the chain rule with a figure of such a gate, drawn twice:
# going forward, $x$ and $y$ come in and $z$ leaves; going backward, one number comes in where $z$ left, and
# one number leaves at each input.

# %% [markdown]
# The number that comes in is $\partial L/\partial z$: how fast $L$ rises when $z$ rises. In code this course
# calls it `dz`. It isn't a small change of $z$. It is the gradient of $L$ with respect to $z$, and `dx` and
# `dy` are named the same way.
#
# How does the gate find `dx`? Raise $x$ by a tiny $h$. Then $z$ rises by $h$ times the slope
# $\partial z/\partial x$, and $L$ rises by that times `dz`. So
#
# $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}\,\frac{\partial z}{\partial x}.$$
#
# In words: what comes from above, times the local derivative. The local derivative depends on the gate's own
# inputs. Nothing in the formula asks where $x$ came from, or what becomes of $z$.

# %% [markdown]
# Here are three gates in a row, with numbers. If you could raise one of `x`, `y` and `c` a little, which would
# move `L` the most? Say so before you go on. Then press Next, or the right arrow key, again and again: the values
# come in from the left, and after them the gradient comes back from the right, one gate at a time.


# %%
def toy(x, y, c):
    p = x * y
    z = p + c
    L = z**2
    return L


graph = trace(toy, 3.0, -2.0, 10.0)
flow(graph)

# %% [markdown]
# The square sends `dz = 2z = 8`. The sum sends 8 both ways. The product sends `8 * y` to `x` and `8 * x` to `y`.
# Each gate multiplied what it got by a slope of its own.
#
# Is it true? Nudge each input and measure.

# %%
gradients = graph.backward()
start = {"x": 3.0, "y": -2.0, "c": 10.0}
h = 1e-6

for name in start:
    up, down = dict(start), dict(start)
    up[name] += h
    down[name] -= h
    measured = (toy(**up) - toy(**down)) / (2 * h)
    print(f"d{name}: measured {measured:8.4f}   from the graph {gradients[name]:8.4f}")

# %% [markdown]
# `y` moves the loss most. `dx` is negative: raising `x` lowers `L`.

# %% [markdown]
# From here on $x$, $y$ and $z$ are arrays, and only the loss is a single number. The rule stays, and one habit
# joins it. `dx` holds one slope for each number in `x`, so **`dx` always has the shape of `x`**. When you are
# lost, write down the shapes first.

# %% [markdown]
# ## Add passes on
#
# `z = x + y`, entry by entry. Suppose $L$ rises by 3 for every unit that `z[0]` rises. How much does it rise
# for every unit of `x[0]`? And does that depend on `y`?


# %%
def add(x, y):
    z = x + y
    return z


graph = trace(add, np.array([1.0, 4.0]), np.array([-2.0, 0.5]))
draw(graph, backward=graph.backward(np.array([3.0, -1.0])), values=True)

# %% [markdown]
# A unit of `x[0]` is a unit of `z[0]`. The local derivative is 1, for both inputs and wherever they are, so
# the gradient passes through unchanged.

# %% [markdown]
# ### 2.1 Back through a sum of two
#
# Difficulty ●○○○○ · about 2 minutes
#
# `z = x + y`, and all three have the same shape, whatever it is. You get `dz`. Return `dx` and `dy`.
#
# Think first: of the three arrays that you are given, which do you need?
#
# If you are stuck, run `hint("2.1")` in a new cell. Each exercise has three hints.


# %% answer="2.1"
def add_backward(dz, x, y):
    """Undo z = x + y; dz, x and y have one shape."""
    dx, dy = None, None
    ###########################################################################
    # TODO 2.1: what comes from above, times the local derivative of a sum.   #
    # Store the gradient of x in dx and the gradient of y in dy.              #
    ###########################################################################
    ### BEGIN SOLUTION
    dx = dz.copy()
    dy = dz.copy()
    ### END SOLUTION
    return dx, dy


# %% check="2.1"
check("2.1")

# %% [markdown]
# ## Multiply swaps
#
# `z = x * y`. How fast does `z` rise with `x`?
#
# Draw it. `x` and `y` are the sides of a rectangle, and `z` is its area. Let `x` grow: how long is the strip
# that is added at the right? Move the sliders, and then let both grow at once.


# %%
def rectangle(grow_x, grow_y):
    x, y = 3.0, 2.0
    strip_x, strip_y, corner = y * grow_x, x * grow_y, grow_x * grow_y
    change = (x + grow_x) * (y + grow_y) - x * y
    fig, axes = figure(width=6.6, height=3.6)
    for left, bottom, width, height, colour, label in (
        (0, 0, x, y, "#e4e7eb", f"x · y = {x * y:g}"),
        (x, 0, grow_x, y, ACCENT, f"y · {grow_x:g} = {strip_x:.2f}"),
        (0, y, x, grow_y, MUTED, f"x · {grow_y:g} = {strip_y:.2f}"),
        (x, y, grow_x, grow_y, GRADIENT, f"corner {corner:.2f}"),
    ):
        axes.bar(left, height, width, bottom, align="edge", color=colour, label=label)
    axes.set(xlim=(0, 6), ylim=(0, 3.1), aspect="equal", xlabel="x", ylabel="y")
    axes.set_title(f"z rises by {change:.2f}; the two strips make {strip_x + strip_y:.2f}")
    axes.legend(loc="center right", frameon=False)
    return picture(
        fig,
        alt=f"A rectangle of sides x = 3 and y = 2. x grows by {grow_x:g} and adds a strip of area {strip_x:.2f}; "
        f"y grows by {grow_y:g} and adds one of {strip_y:.2f}; the corner has {corner:.2f}. In all {change:.2f}.",
    )


play(
    rectangle,
    grow_x=(0.6, 0.0, 1.0, 0.05),
    grow_y=(0.0, 0.0, 1.0, 0.05),
    labels={"grow_x": "x grows by", "grow_y": "y grows by"},
)

# %% [markdown]
# When `x` grows, the strip is as long as `y`: the local derivative with respect to one side is the *other*
# side. The two change places.
#
# What about the corner? It belongs to neither strip. Make both steps ten times smaller, and the strips shrink
# ten times while the corner shrinks a hundred times.

# %%
for step in (0.5, 0.05, 0.005):
    change = (3 + step) * (2 + step) - 3 * 2
    strips = 2 * step + 3 * step
    print(
        f"both grow by {step:5}: z rises by {change:.6f}, strips {strips:.6f}, left over {change - strips:.6f}"
    )

# %% [markdown]
# A derivative is about steps so small that corners no longer count. That is why each input of a gate can be
# treated as if the others stood still, even though all of them move. Here is the gate with numbers: what will
# `dx[0]` and `dy[0]` be, with 10 from above? Step back through it, and click a node to see all of its numbers.


# %%
def multiply(x, y):
    z = x * y
    return z


graph = trace(multiply, np.array([3.0, 0.5]), np.array([2.0, -4.0]))
flow(graph, np.array([10.0, 1.0]))

# %% [markdown]
# ### 2.2 Back through a product
#
# Difficulty ●○○○○ · about 3 minutes
#
# `z = x * y`, entry by entry, and all three have the same shape. You get `dz`. Return `dx` and `dy`.
#
# Think first: a sum needed neither of its inputs to go backward. What does a product have to keep from the
# forward pass?


# %% answer="2.2"
def mul_backward(dz, x, y):
    """Undo z = x * y; dz, x and y have one shape."""
    dx, dy = None, None
    ###########################################################################
    # TODO 2.2: what comes from above, times the local derivative of a        #
    # product. Store the gradient of x in dx and the gradient of y in dy.     #
    # Don't change dz, x or y: the caller still needs them.                   #
    ###########################################################################
    ### BEGIN SOLUTION
    dx = dz * y
    dy = dz * x
    ### END SOLUTION
    return dx, dy


# %% check="2.2"
check("2.2")

# %% [markdown]
# The answer to the last question is why a forward pass returns a `cache`. Every product on the way needs its
# inputs again.

# %% [markdown]
# ## A broadcast going forward is a sum going backward
#
# In the last step of batch normalization, `beta` with its D numbers is added to an array of N rows. NumPy
# stretches it over the rows. Here is that gate by itself, `z = x + b`, with 5 rows and 3 features. What shape
# must `db` have?


# %%
def add_bias(x, b):
    z = x + b
    return z


rng = np.random.default_rng(2)
x = rng.normal(size=(5, 3))
b = np.array([0.5, -1.0, 2.0])
dz = rng.normal(size=(5, 3))

graph = trace(add_bias, x, b)
draw(graph, backward=graph.backward(dz), dims={"N": 5, "D": 3})

# %% [markdown]
# `dz` is (N, D). `db` must have the shape of `b`, which is (D,). So the N numbers in each column of `dz` have
# to become one. Are they averaged? Added up? Is one of them enough?
#
# Ask what one number of `b` does. Raise `b[0]` by 1 and look at what moves in `z`.

# %%
raised = b.copy()
raised[0] += 1.0
print(add_bias(x, raised) - add_bias(x, b))

# %% [markdown]
# All five entries of column 0 move, and each moves by the whole step. The loss reacts to every one of them, and
# five reactions to one cause add up.

# %% [markdown]
# Now as a proof, with every sum visible, for any loss that is a smooth function of the numbers in $z$. Since $L$ depends on $b_k$ only through the $z_{ij}$, the chain rule goes over all of them:
#
# $$\frac{\partial L}{\partial b_k}
# = \sum_{i=1}^{N}\sum_{j=1}^{D} \frac{\partial L}{\partial z_{ij}}\,\frac{\partial z_{ij}}{\partial b_k}.$$
#
# The gate says $z_{ij} = x_{ij} + b_j$. So $\partial z_{ij}/\partial b_k$ is 1 where $j = k$, in every row
# $i$, and 0 in all other columns. Of the sum over $j$ only $j = k$ is left, and of the sum over $i$
# everything:
#
# $$\frac{\partial L}{\partial b_k} = \sum_{i=1}^{N} \frac{\partial L}{\partial z_{ik}}.$$
#
# The proof used what the gate does. It never asked what $L$ is. Here it is with numbers, for 3 rows. The last
# step back is the one to look at: from how many entries of `dz` is `db[0]` made?

# %%
graph = trace(add_bias, np.array([[1.0, 4.0], [2.0, 0.0], [6.0, 2.0]]), np.array([10.0, 20.0]))
flow(graph, np.array([[1.0, 0.5], [2.0, 0.0], [4.0, -3.0]]))

# %% [markdown]
# ### Three losses
#
# A proof that doesn't mention the loss should hold for every loss. Here are three: a sum over the rows, a mean
# over the rows, and a product over the rows. For each, the cell moves every entry of `z` by itself to measure
# `dz`, and every entry of `b` by itself to measure `db`. Which will agree with `db`: the sum of `dz`, or the
# mean?

# %%
losses = {
    "a sum over the rows": lambda z: np.sum(z**2),
    "a mean over the rows": lambda z: np.mean(np.sum(z**2, axis=1)),
    "a product of the rows' lengths": lambda z: np.prod(np.sqrt(np.sum(z**2, axis=1))),
}


def slopes(f, a, h=1e-5):
    """How fast f(a), a number, rises with each entry of a."""
    found = np.zeros_like(a)
    for index in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[index] = h
        found[index] = (f(a + step) - f(a - step)) / (2 * h)
    return found


for name, loss in losses.items():
    measured_dz = slopes(loss, x + b)
    measured_db = slopes(lambda moved, loss=loss: loss(x + moved), b)
    print(f"{name}\n   db, measured          {measured_db.round(4)}")
    print(f"   dz, summed over rows  {measured_dz.sum(axis=0).round(4)}")
    print(f"   dz, mean over rows    {measured_dz.mean(axis=0).round(4)}\n")

# %% [markdown]
# Three times the sum agrees, and three times the mean is too small by the factor N = 5. Change the loss and
# the number of rows. For which N do sum and mean agree?


# %%
def bars(loss, rows):
    data = np.random.default_rng(2).normal(size=(rows, 3))  # (N, D)
    dz_here = slopes(losses[loss], data + b)
    truth = slopes(lambda moved: losses[loss](data + moved), b)
    series = {
        "db, measured": (truth, INK),
        "sum of dz over the rows": (dz_here.sum(axis=0), ACCENT),
        "mean of dz over the rows": (dz_here.mean(axis=0), GRADIENT),
    }
    fig, axes = figure(width=7, height=3.2)
    for k, (label, (values, colour)) in enumerate(series.items()):
        axes.bar(np.arange(3) + 0.27 * (k - 1), values, width=0.25, color=colour, label=label)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.set(xticks=range(3), xticklabels=["b[0]", "b[1]", "b[2]"])
    axes.set_title(f"Loss: {loss}, N = {rows}")
    axes.legend(loc="best", frameon=False)
    numbers = "; ".join(f"{label} {values.round(3).tolist()}" for label, (values, _) in series.items())
    return picture(
        fig, alt=f"Bars for the three entries of b, with {loss} as the loss and {rows} rows: {numbers}."
    )


play(bars, loss=list(losses), rows=(5, 1, 8, 1), labels={"rows": "rows N"})

# %% [markdown]
# ### Why not the mean?
#
# Two readers ask this under Kratzert's article. Patrick Langechuan LIU reasons that an error in `beta` is copied
# to every row, so that the gradient should be the average over the copies (he found the answer himself, in the
# total derivative). Rakhil Immidisetti asks why nothing is divided by the size of the batch.
#
# It is a natural thought, since N noisy readings of one quantity are best averaged. But the rows of `dz` aren't
# readings of one quantity. They are N effects of one cause, and effects add up.

# %% [markdown]
# A third reader, JohnMclain, thinks that the sum is there because the losses of the examples are summed at the
# end, and the article took that over in its steps 9 and 8. The three losses show that this isn't the reason.
# Where the losses are averaged, the sum of `dz` is still right. Where the rows are multiplied, no losses are
# summed at all, and it is right there too. Harvey Qiu gives the reason in the same thread: gradients that reach one
# variable along several branches are added, whatever the loss. The branches come from the broadcast.
#
# So where does the 1/N of a mean loss go? It is in `dz` already, put there by the gate that took the mean. A
# gate further down that divides again divides twice.

# %% [markdown]
# ### 2.3 Back through a broadcast
#
# Difficulty ●●○○○ · about 4 minutes
#
# `z = x + b`, with `x` of shape (N, D) and `b` of shape (D,). You get `dz`, of shape (N, D). Return `dx` and
# `db`.
#
# Think first: which axis does `dz` have that `b` doesn't?


# %% answer="2.3"
def broadcast_add_backward(dz, x, b):
    """Undo z = x + b; dz and x are (N, D), b is (D,)."""
    dx, db = None, None
    ###########################################################################
    # TODO 2.3: x went through unstretched, b was stretched over the rows.    #
    # Store the gradient of x, (N, D), in dx and that of b, (D,), in db.      #
    # (D,) is not (1, D): a gradient has exactly the shape of its array.      #
    ###########################################################################
    ### BEGIN SOLUTION
    dx = dz
    db = np.sum(dz, axis=0)
    ### END SOLUTION
    return dx, db


# %% check="2.3"
check("2.3")

# %% [markdown]
# In `gamma * xhat` two rules meet: multiply swaps, and then the result for the stretched factor is summed over
# the rows. In general, whatever axis NumPy stretched going forward is summed going backward.

# %% [markdown]
# ## A sum going forward is a broadcast going backward
#
# Now the other way round. `s = np.sum(x, axis=0)` makes D numbers out of N rows. `ds` comes in with shape
# (D,), and `dx` has to be (N, D). Each number of `ds` belongs to N entries of `x`. Does each get a share of
# it, or the whole?


# %%
def column_sums(x):
    s = np.sum(x, axis=0)
    return s


graph = trace(column_sums, np.array([[1.0, 4.0], [2.0, 0.0], [6.0, 2.0]]))
draw(graph, backward=graph.backward(np.array([3.0, -1.0])), values=True)

# %% [markdown]
# The whole. Raise any one entry of a column by 1 and the column's sum rises by 1, so the slope is 1 for each.
# Every row of `dx` is a copy of `ds`.
#
# And `np.mean`? It divides the sum by N, so a unit of `x` lifts the mean by 1/N only. There each entry does get
# a share, and the 1/N has nothing to do with the loss: the forward pass divides at this gate.

# %% [markdown]
# Is it chance that the two rules mirror each other? Write the stretching as a product with a column of ones.

# %%
ones = np.ones((5, 1))
print("b stretched over 5 rows:", np.array_equal(ones @ b[None, :], np.broadcast_to(b, (5, 3))))
print("dz summed over 5 rows:  ", np.allclose(ones.T @ dz, dz.sum(axis=0)))

# %% [markdown]
# Stretching is a product with that column, summing is a product with the same column transposed. Going
# backward through a linear gate always transposes its matrix, so each of the two is the way back through the
# other. In the layer `mu` meets both: a mean makes it, and it is stretched again when it is subtracted.

# %% [markdown]
# ### 2.4 Back through a mean
#
# Difficulty ●●○○○ · about 4 minutes
#
# `mu = np.mean(x, axis=0)`, with `x` of shape (N, D). You get `dmu`, of shape (D,). Return `dx`.
#
# Think first: which of the numbers in `x` do you need for this?


# %% answer="2.4"
def mean_backward(dmu, x):
    """Undo mu = np.mean(x, axis=0); dmu is (D,), x is (N, D)."""
    dx = None
    ###########################################################################
    # TODO 2.4: stretch dmu over the rows, and mind what a mean does that a   #
    # sum doesn't. Store the gradient of x, of shape (N, D), in dx.           #
    ###########################################################################
    ### BEGIN SOLUTION
    N = x.shape[0]
    dx = np.ones(x.shape) * dmu / N
    ### END SOLUTION
    return dx


# %% check="2.4"
check("2.4")

# %% [markdown]
# ## A fan-out going forward is an addition going backward
#
# `b` moved N entries of `z`, and its gradient was a sum of N terms. The same holds for anything that is used
# more than once. The smallest case is `z = x * x`.
#
# The product doesn't know that its two inputs are the same number. It has a slope for the left one and a slope
# for the right one. Measure each at `x = 3`, and then move both together. What will the third number be?

# %%
h = 1e-6
left = ((3 + h) * 3 - (3 - h) * 3) / (2 * h)
right = (3 * (3 + h) - 3 * (3 - h)) / (2 * h)
together = ((3 + h) * (3 + h) - (3 - h) * (3 - h)) / (2 * h)
print(f"left alone {left:.4f}, right alone {right:.4f}, together {together:.4f}")

# %% [markdown]
# Three for each place in which `x` stands, six in all: the $2x$ that you know from school. Going forward, a value
# fans out to all places where it is used. Going backward, what comes from those places is added. A broadcast is
# a fan-out too, from one number to N rows.

# %% [markdown]
# Here is a graph with a longer fan-out. How many ways lead from `x` to `z`? Step back from `z`, and watch what
# waits at `x` until it is complete.


# %%
def three_ways(x):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    z = x * xmu
    return z


small = np.array([[1.0, 2.0], [3.0, 5.0], [5.0, 2.0]])
graph = trace(three_ways, small)
from_above = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]])
flow(graph, from_above)

# %% [markdown]
# Three: straight into the product, through the subtraction, and through the mean and then the subtraction.
# Each sends its own contribution back to `x`, and the names number them in the order in which they arrive.

# %%
gradients = graph.backward(from_above)
for one in gradients.contributions("x"):
    print(f"{one.name}, which came through {one.source}:\n{one.value}\n")
print(f"their sum, dx:\n{gradients['x']}")

# %% [markdown]
# Forget one of the three, and `dx` still has the right shape and nothing stops you. You can try that above: open
# "Cut an edge", leave one of them out, and look at the error of `dx`. So draw the graph before you write the code,
# and count the arrows that leave `x`.

# %% [markdown]
# ### 2.5 Three ways to x
#
# Difficulty ●●●○○ · about 8 minutes
#
# `z = x * (x - np.mean(x, axis=0))`, with `x` of shape (N, D), the graph that you see above. You get `dz`.
# Return `dx`.
#
# Think first: what arrives at `xmu`, and to which two places does it go on?


# %% answer="2.5"
def fan_out_backward(dz, x):
    """Undo z = x * (x - np.mean(x, axis=0)); dz and x are (N, D)."""
    dx = None
    ###########################################################################
    # TODO 2.5: go back from the product to the subtraction to the mean.      #
    # Three contributions reach x. Store their sum, of shape (N, D), in dx.   #
    # You may call your functions from above, and compute xmu again.          #
    ###########################################################################
    ### BEGIN SOLUTION
    xmu = x - np.mean(x, axis=0)
    dx1, dxmu = dz * xmu, dz * x
    dx2, dmu = dxmu, -np.sum(dxmu, axis=0)
    dx3 = np.ones(x.shape) * dmu / x.shape[0]
    dx = dx1 + dx2 + dx3
    ### END SOLUTION
    return dx


# %% check="2.5"
check("2.5")

# %% [markdown]
# ## A node sends when everything has arrived
#
# You have the rules for single gates. What is left is the order in which they act, and it matters more than
# it seems. Take `a = 2x`, `b = 3a` and `z = a + b`. What is the slope of `z`, worked out by hand?


# %%
def uneven(x):
    a = 2.0 * x
    b = 3.0 * a
    z = a + b
    return z


graph = trace(uneven, 1.0)
draw(graph, values=True)

# %% [markdown]
# `z` is `2x + 6x`, so the slope is 8. Now the gates' way: `z` sends 1 to `a` and 1 to `b`. Both have something
# to send on. Does it matter which of them goes first?

# %%
a_has, b_has = 1.0, 1.0

x_gets = a_has * 2.0
print("a before b: dx =", x_gets)

a_has = a_has + b_has * 3.0
x_gets = a_has * 2.0
print("b before a: dx =", x_gets)

# %% [markdown]
# When `a` went first it sent on the 1 it had, and the 3 that came later through `b` never got to `x`. A node may
# send only when everything that it will receive has arrived. That is: after every node that uses it.
#
# Step through the sweep and watch `a` wait: two contributions stand at its edges before they add up.

# %%
flow(graph)

# %% [markdown]
# Is there always such an order? Going forward, a node could be computed only after its inputs. Such an order is
# called topological, and the order in which your code ran is one. Turn it round, and every node comes after all
# nodes that use it. Nothing has to be searched for.

# %% [markdown]
# ### Why not follow the arrows by recursion?
#
# It looks easier: start at the result, and let every node pass on to its parents at once. Try it on diamonds. A
# diamond halves a number twice, `a = u / 2` and `b = u / 2`, and adds the halves. Out comes the number that went
# in, so however many diamonds stand in a row, the slope is 1.
#
# The cell writes a graph as data: the nodes in order, the parents of each, and a local derivative for each
# parent.


# %%
def diamonds(k):
    """k diamonds in a row, from u0 to uk."""
    order, parents, local = ["u0"], {"u0": []}, {"u0": []}
    for i in range(k):
        a, b, u, after = f"a{i}", f"b{i}", f"u{i}", f"u{i + 1}"
        order += [a, b, after]
        parents |= {a: [u], b: [u], after: [a, b]}
        local |= {a: [0.5], b: [0.5], after: [1.0, 1.0]}
    return order, parents, local


def one_diamond(u0):
    a0 = 0.5 * u0
    b0 = 0.5 * u0
    u1 = a0 + b0
    return u1


for part in diamonds(1):
    print(part)
draw(trace(one_diamond, 4.0), values=True)

# %% [markdown]
# Two recursions in one. Either a node passes on what has just arrived, or it passes on all that it has by now.
# Which of them is right?


# %%
def recursion(k, pass_on):
    order, parents, local = diamonds(k)
    total = dict.fromkeys(order, 0.0)
    visits = dict.fromkeys(order, 0)

    def receive(node, arrived):
        visits[node] += 1
        total[node] += arrived
        onward = arrived if pass_on == "what arrived" else total[node]
        for parent, slope in zip(parents[node], local[node], strict=True):
            receive(parent, onward * slope)

    receive(order[-1], 1.0)
    return total["u0"], visits["u0"], sum(visits.values())


print("diamonds  nodes |  what arrived: slope  visits to u0   calls |  all it has: slope")
for k in (1, 2, 3, 4, 6, 8):
    slope, at_u0, calls = recursion(k, "what arrived")
    other, _, _ = recursion(k, "all it has")
    print(f"{k:8d}  {3 * k + 1:5d} | {slope:20g} {at_u0:13d} {calls:7d} | {other:18g}")

# %% [markdown]
# Passing on all that a node has counts twice: what came along the first way is sent again when the second
# arrives. From two diamonds on the slope is wrong, and each further diamond makes it worse.
#
# Passing on what arrived is right, and hopeless. It walks every path by itself, and the number of paths doubles
# with each diamond: `u0` is visited $2^k$ times.

# %%
ks = np.arange(1, 13)
calls = [recursion(int(k), "what arrived")[2] for k in ks]
fig, axes = figure(width=7, height=3.2)
axes.semilogy(ks, calls, "o--", color=GRADIENT, label="recursion: calls")
axes.semilogy(ks, 3 * ks + 1, "s-", color=ACCENT, label="sweep: one turn for each node")
axes.set(xlabel="diamonds in a row, k", ylabel="work", title="The number of paths doubles with each diamond")
axes.legend(loc="upper left", frameon=False)
picture(
    fig,
    alt=f"Work against the number of diamonds on a logarithmic scale. The recursion's calls rise from {calls[0]} to "
    f"{calls[-1]} at 12 diamonds, on a straight line; a sweep takes 4 to 37 turns.",
)

# %% [markdown]
# The sweep waits instead. It takes each node once, when everything has arrived, and sends the total once.
# This is called reverse-mode automatic differentiation; Baydin et al. (2018) tell its history.

# %% [markdown]
# ### 2.6 A whole backward sweep
#
# Difficulty ●●●○○ · about 10 minutes
#
# Write the sweep, for any graph of single numbers. `order` lists the names of the nodes from the inputs to the
# result, which stands last. `parents[node]` is a list of names, empty for an input. `local[node]` is the list
# of local derivatives that goes with it, place by place. `seed` is the gradient of the result.
#
# Return a dictionary with the gradient of every node, as a number. A node that doesn't lead to the result has
# the gradient `0.0`: moving it moves nothing.
#
# For `z = s * x` with `s = x + y`, at `x = 3` and `y = -1`, the arguments are those in the next cell. Work the
# four gradients out by hand first.

# %%
example = {
    "order": ["x", "y", "s", "z"],
    "parents": {"x": [], "y": [], "s": ["x", "y"], "z": ["s", "x"]},
    "local": {"x": [], "y": [], "s": [1.0, 1.0], "z": [3.0, 2.0]},
    "seed": 1.0,
}

# %% [markdown]
# <details><summary>The four gradients</summary>
#
# `dz = 1`. `z` sends `1 * 3` to `s` and `1 * 2` to `x`. `s` has 3 and sends 3 to `x` and 3 to `y`. So `ds = 3`,
# `dy = 3`, and `dx = 2 + 3 = 5`.
#
# </details>
#
# Think first: for `z = x * x`, `parents["z"]` is `["x", "x"]`. What does your loop do there?


# %% answer="2.6"
def backward(order, parents, local, seed):
    """The gradient of the last node of order with respect to every node, times seed; name -> number."""
    grads = None
    ###########################################################################
    # TODO 2.6: a backward sweep. Give every node a gradient to begin with,   #
    # then take the nodes in the right order and let each send to its         #
    # parents. A parent may get something more than once, and may stand       #
    # twice in one list. Store the dictionary name -> number in grads.        #
    ###########################################################################
    ### BEGIN SOLUTION
    grads = dict.fromkeys(order, 0.0)
    grads[order[-1]] = seed
    for node in reversed(order):
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] * slope
    ### END SOLUTION
    return grads


# %% check="2.6"
check("2.6")
### BEGIN HIDDEN TESTS
_parents, _local = {"u": [], "v": ["u", "u"], "w": ["v"]}, {"u": [], "v": [2, -5], "w": [3]}
assert backward(["u", "v", "w"], _parents, _local, 2) == {"u": -18, "v": 6, "w": 2}
### END HIDDEN TESTS

# %% [markdown]
# Once your sweep passes, the next cell runs it on twenty diamonds. They have $2^{20}$ paths, more than a million,
# and 61 nodes.

# %%
if judge("2.6", globals()).passed:
    order, parents, local = diamonds(20)
    print("slope at the far end of 20 diamonds:", backward(order, parents, local, 1.0)["u0"])
else:
    print("This cell waits for 2.6. Come back and run it when the check has passed.")

# %% [markdown]
# ## The layer in these rules
#
# Here is the graph of batch normalization again. Go from `out` back to `x` and name the rule at each node. Which
# nodes have two arrows going out, so that two gradients will meet there?


# %%
def batchnorm(x, gamma, beta, eps):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = np.mean(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out


layer = trace(batchnorm, x, np.array([1.5, 0.5, 2.0]), b, eps=1e-5)
draw(layer, dims={"N": 5, "D": 3})

# %% [markdown]
# | Step | Going forward | Going backward |
# |:--|:--|:--|
# | 9 | `out = gammax + beta` | passes on; `beta` was broadcast, so summed |
# | 8 | `gammax = gamma * xhat` | swaps; `gamma` was broadcast, so summed |
# | 7 | `xhat = xmu * ivar` | swaps; `ivar` was broadcast, so summed |
# | 6, 5 | `ivar = 1 / sqrtvar`, `sqrtvar = sqrt(var + eps)` | one input each: upstream times slope |
# | 4 | `var = mean(sq)` | broadcast, with 1/N |
# | 3 | `sq = xmu**2` | one input: upstream times slope |
# | 2 | `xmu = x - mu` | passes on, once with a minus; `mu` was broadcast, so summed |
# | 1 | `mu = mean(x)` | broadcast, with 1/N |
# | 0 | `x` is used twice, and so is `xmu` | contributions are added |
#
# Five rules, and three slopes from a table of derivatives. Nothing else happens in the backward pass.

# %% [markdown]
# ## What you can do now
#
# You can send a gradient backward through any gate whose local derivative you know. You can say why the
# gradient of `beta` is a sum, to somebody who believes it should be a mean, without asking about the loss. And
# you have written the sweep of automatic differentiation, for numbers instead of arrays.
#
# Three questions to see whether it has settled.
#
# <details><summary>1. The loss is a mean over the N rows. Somebody divides the summed gradient of beta by N "because of the mean". By what factor is it off, and where was the 1/N already?</summary>
#
# It is too small by the factor N. The gate that took the mean of the losses has put 1/N into `dout`, and
# everything further down inherits it. The gate that added `beta` didn't divide by anything going forward, so
# it doesn't going backward.
#
# </details>
#
# <details><summary>2. z = x * w, with x of shape (N, D) and w of shape (N, 1). What shape is dw, and how is it computed?</summary>
#
# (N, 1), the shape of `w`. Multiply swaps, which gives `dz * x` of shape (N, D). `w` was stretched over the
# features, so that is the axis to sum over: `np.sum(dz * x, axis=1, keepdims=True)`.
#
# </details>
#
# <details><summary>3. Run the sweep of 2.6 with every local derivative, and the seed, equal to 1. What do the numbers that come out count?</summary>
#
# The ways from each node to the result. A node's number is the sum of the numbers of the nodes that use it,
# and that is how ways are counted. For k diamonds it is $2^k$ at the far end, found in 3k + 1 turns.
#
# </details>

# %% [markdown]
# ### Sources
#
# F. Kratzert, [Understanding the backward pass through Batch Normalization Layer](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html),
# 2016: the figure of a gate, the step numbers, and the comments quoted above. A. Karpathy and others,
# [CS231n: Backpropagation, Intuitions](https://cs231n.github.io/optimization-2/): what add and multiply gates do to a gradient. A. G. Baydin, B. A. Pearlmutter,
# A. A. Radul and J. M. Siskind, [Automatic Differentiation in Machine Learning: a Survey](https://jmlr.org/papers/v18/17-468.html), JMLR 18, 2018.
#
# Next: [3 · The backward pass](03_backward.ipynb), where these rules take the layer apart, from step 9 to step 0.
