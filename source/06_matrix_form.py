# %% [markdown]
# # 6 · The backward pass as matrices
#
# In 2018 somebody asked on Cross Validated for the gradient through batch normalization [in matrix
# form](https://stats.stackexchange.com/questions/328242/matrix-form-of-backpropagation-with-batch-normalization),
# without going from node to node. The question came with data, code and three attempts. Two answers came. One leaves
# the gradient that mattered most, that of the weights before the layer, to the asker. The other brings the nine steps
# that you know. What is that gradient, in matrices?
#
# A comment below the question asks why anybody would do this by hand, with Keras and TensorFlow at hand. The author's
# answer: the networks in question had a structure that those do not offer, and mathematics helps in general.
#
# In this notebook you find that gradient, first for one column, then for a layer, then for the whole network of the
# question, with its own numbers. There are five exercises. Allow 45 minutes. Three detours, marked as
# such, take twenty minutes more.

# %% given=true
import numpy as np

# %% [markdown]
# The demonstrations use the course's helpers, and a function that sets numbers in a table.

# %%
from bnlib import check, digits_batch, draw, hint, judge, picture, play, trace
from bnlib.gradcheck import complex_step, numeric_gradient
from bnlib.norms import staged
from bnlib.style import figure
from bnlib.table import table


def far(a, b):
    """The largest difference between two arrays of one shape."""
    assert a.shape == b.shape
    return np.max(np.abs(a - b))

# %% [markdown]
# ## One column and its matrix
#
# The normalisation treats every column by itself: N numbers go in, N numbers come out. All its derivatives fit into
# a table with N rows and N columns, the Jacobian, whose entry $[i, j]$ says how fast $\widehat{x}_i$ moves when
# $x_j$ does.
#
# Take the first column of the batch from [notebook 03](03_backward.ipynb), with the same `eps` of 1.5. Raise its
# first entry a little. How many entries of `xhat` move, and which way?

# %%
def normalized(x, eps=1.5):
    """One column (N,), normalised."""
    xmu = x - np.mean(x)
    return xmu / np.sqrt(np.mean(xmu**2) + eps)


column = np.array([5.0, 2.0, 4.0, 1.0])
measured = np.array([complex_step(normalized, column, output) for output in np.eye(4)])
print("xhat =", normalized(column))
print(measured)

# %% [markdown]
# Read down the first column of the table. `xhat[0]` rises, the next two fall. The last one stays where it is: the
# mean that rises pushes it down, the spread that grows pulls it up towards 0, and with these numbers the two cancel.
# An operation that works entry by entry would have zeros everywhere beside the diagonal. Batch normalization lets
# every example act on the others. That is the whole difficulty, and it fits into N by N numbers.
#
# Two things strike the eye. The table equals its own transpose. And each of its rows adds up to 0.

# %% [markdown]
# Now the formula. Let $\mathbf 1$ be the column of N ones. The mean is $\tfrac1N\mathbf 1^T x$, and to centre is to
# multiply by a matrix:
#
# $$\mathit{xmu} = x - \tfrac1N \mathbf 1\mathbf 1^T x = C\,x, \qquad C = I - \tfrac1N\mathbf 1\mathbf 1^T .$$
#
# The variance is $\tfrac1N \mathit{xmu}^T\mathit{xmu}$. So for a small change, with $\mathit{ivar} =
# (\mathit{var}+\varepsilon)^{-1/2}$,
#
# $$\mathrm d\,\mathit{var} = \tfrac2N\,\mathit{xmu}^T \mathrm d\mathit{xmu}, \qquad
# \mathrm d\,\mathit{ivar} = -\tfrac12\,\mathit{ivar}^3\,\mathrm d\,\mathit{var}
# = -\tfrac1N\,\mathit{ivar}^3\,\mathit{xmu}^T\mathrm d\mathit{xmu}.$$
#
# Then the product rule for $\widehat x = \mathit{xmu}\cdot\mathit{ivar}$:
#
# $$\mathrm d\widehat x = \mathit{ivar}\,\mathrm d\mathit{xmu} + \mathit{xmu}\,\mathrm d\,\mathit{ivar}
# = \mathit{ivar}\left(I - \tfrac1N\,\widehat x\,\widehat x^T\right) C\,\mathrm d x .$$
#
# Both $\mathit{ivar}$s that go with the two $\mathit{xmu}$ have made them into $\widehat x$. Multiply the two brackets
# out. There would be a fourth term, with $\widehat x\,\widehat x^T\mathbf 1\mathbf 1^T$ in it. What is
# $\widehat x^T\mathbf 1$?

# %% [markdown]
# It is the sum of a column whose mean has been taken off: 0. Three terms are left,
#
# $$\boxed{\;J = \mathit{ivar}\left(I - \tfrac1N\mathbf 1\mathbf 1^T - \tfrac1N\,\widehat x\,\widehat x^T\right)\;}$$
#
# Nothing was approximated, and no term was dropped because $\varepsilon$ is small. So it should hold for any
# $\varepsilon$. The next cell measures the Jacobian again for eight of them, from tiny to huge.

# %%
from bnlib.exercises.matrix_form import normalize_jacobian as jacobian  # the course's own, for the demonstrations

choices = [1e-8, 1e-5, 1e-3, 0.1, 1.5, 10.0, 1e3, 1e6]
measured = [
    np.array([complex_step(lambda x, e=eps: normalized(x, e), column, output) for output in np.eye(4)])
    for eps in choices
]
table(
    eps=choices,
    largest_entry=[np.abs(J).max() for J in measured],
    formula_minus_measured=[far(jacobian(column, e), J) for e, J in zip(choices, measured, strict=True)],
)

# %% [markdown]
# ### 6.1 The Jacobian of one column
#
# Difficulty ●●○○○ · about 5 minutes
#
# Write `normalize_jacobian(x_column, eps)` for one column of shape (N,). It gives back the matrix (N, N). The
# formula is the one in the box.
#
# What should come back for a column with a single row?

# %% answer="6.1"
def normalize_jacobian(x_column, eps):
    """All derivatives d xhat[i] / d x[j] of one column (N,), as a matrix (N, N)."""
    jacobian = None
    ###########################################################################
    # TODO 6.1: Compute xhat and ivar of the column, then the three terms.    #
    # Store the matrix, of shape (N, N), in jacobian.                         #
    # eps stands inside the root, and N is the number of rows.                #
    ###########################################################################
    ### BEGIN SOLUTION
    N = x_column.shape[0]
    xmu = x_column - np.mean(x_column)
    ivar = 1.0 / np.sqrt(np.mean(xmu**2) + eps)
    xhat = xmu * ivar
    jacobian = ivar * (np.eye(N) - 1.0 / N - np.outer(xhat, xhat) / N)
    ### END SOLUTION
    return jacobian

# %% [markdown]
# The check has columns of integers, of float32, of digits, and one with a single row.

# %% check="6.1"
check("6.1")

# %% [markdown]
# With one row `xhat` is 0 whatever `x` is, so the answer for N = 1 is the matrix with the one entry 0.
#
# Going backward, the gradient of the column is the transposed Jacobian times the gradient from above. Since $J$ is
# its own transpose, $\mathit{dx} = J\,\mathit{dxhat}$. Does the graph of the nine steps say the same?

# %%
rng = np.random.default_rng(6)
batch, gamma, beta = rng.normal(2, 3, (5, 3)), np.array([2.0, -1.5, 0.5]), np.array([1.0, 0.0, -1.0])
upstream = rng.normal(size=(5, 3))

graph = trace(staged.batchnorm_forward, batch, gamma, beta, eps=0.3)
grads = graph.backward(upstream)
by_matrix = np.stack([jacobian(batch[:, d], 0.3) @ grads["xhat"][:, d] for d in range(3)], axis=1)
print("largest difference from the graph's dx:", far(by_matrix, grads["x"]))

# %% [markdown]
# ## Two directions are lost
#
# Call what stands in the bracket $P$. Apply it to two special vectors: to $\mathbf 1$, which moves all entries of the
# column up together, and to $\widehat x$ itself, which stretches the column. What will come out? For the second you
# need $\widehat x^T\widehat x$, which is almost N.

# %%
def bracket(x, eps):
    n, xhat = len(x), normalized(x, eps)
    return np.eye(n) - np.ones((n, n)) / n - np.outer(xhat, xhat) / n


ones, choices = np.ones(4), [10.0, 1.5, 0.1, 1e-3, 1e-5]
stretch = [(bracket(column, e) @ normalized(column, e))[0] / normalized(column, e)[0] for e in choices]
table(
    eps=choices,
    largest_entry_of_P_times_1=[np.abs(bracket(column, e) @ ones).max() for e in choices],
    P_times_xhat_is_xhat_times=stretch,
    eps_over_var_plus_eps=[e / (column.var() + e) for e in choices],
)

# %% [markdown]
# The ones are sent to 0, always. `xhat` is sent to `xhat` times $\varepsilon/(\mathit{var}+\varepsilon)$, a number
# that goes to 0 with $\varepsilon$. What about all other directions? The eigenvalues tell: they are the factors by which
# a matrix stretches.

# %%
def eigenvalues(e):
    return "  ".join(f"{abs(value):.6f}" for value in np.linalg.eigvalsh(bracket(column, e)))


table(
    eps=[*choices, 0.0],
    eigenvalues_of_P=[eigenvalues(e) for e in [*choices, 0.0]],
    largest_entry_of_PP_minus_P=[far(bracket(column, e) @ bracket(column, e), bracket(column, e)) for e in [*choices, 0.0]],
)

# %% [markdown]
# One 0, one $\varepsilon/(\mathit{var}+\varepsilon)$, and ones for the N - 2 directions that are left. In the limit
# $P$ leaves a vector alone or removes it, so a second time changes nothing: $PP = P$. A matrix like that is called
# a projector, and one that is its own transpose projects at right angles. With $\varepsilon > 0$ it is a projector
# only nearly, and the table says how nearly.
#
# For the gradient it means this. In the limit `dx` has no part along $\mathbf 1$ and none along $\widehat x$: the
# loss can ask neither for another mean of the column nor for another scale. Why should it? The layer would undo
# both.

# %% [markdown]
# For $\varepsilon > 0$ a little of the scale gets through. How much? Multiply $\mathit{dx} =
# \mathit{ivar}\,P\,\mathit{dxhat}$ from the left by $\widehat x^T$, and use what $P$ does to $\widehat x$:
#
# $$\sum_n \mathit{dx}_n\,\widehat x_n = \mathit{ivar}\;\frac{\varepsilon}{\mathit{var}+\varepsilon}\,
# \sum_n \mathit{dxhat}_n\,\widehat x_n .$$
#
# Here is the sum in the graph of the batch above, beside the formula. The last lines have an `eps` that
# you would use. What is smaller than 1e-13 is rounding, and the table writes 0 for it.

# %%
def sums(eps):
    g = trace(staged.batchnorm_forward, batch, gamma, beta, eps=eps)
    back = g.backward(upstream)
    xhat, var, ivar = g["xhat"].value, g["var"].value, g["ivar"].value
    found = np.sum(back["x"] * xhat, axis=0)
    formula = ivar * np.sum(back["xhat"] * xhat, axis=0) * eps / (var + eps)
    return back["x"].sum(axis=0), found, formula


rows = [(eps, d, *(part[d] for part in sums(eps))) for eps in (0.3, 1e-5) for d in range(3)]
names = ("eps", "column", "sum_of_dx", "sum_of_dx_times_xhat", "formula")
parts = [[f"{value:.6g}" if abs(value) > 1e-13 else "0" for value in part] for part in zip(*rows, strict=True)]
table(**dict(zip(names, parts, strict=True)))

# %% [markdown]
# Two sums for every column, and you know what both must be. The first finds a lost path through the mean, the
# second a lost path through the variance.
#
# How many directions are left for two rows? None. With N = 2 the gradient `dx` is nothing but what `eps` lets
# through. This is the Jacobian of the column (3, 1) with `eps` at 0.00001.

# %%
print(jacobian(np.array([3.0, 1.0]), 1e-5))

# %% [markdown]
# A test of a backward pass on two rows compares numbers of this size. [Notebook 04](04_gradient_check.ipynb) tells
# what becomes of it.

# %% [markdown]
# ## Three rows in three dimensions
#
# With three rows a column is a point in space, and one direction survives. That can be drawn. The disc holds the
# columns of mean 0. Normalised columns lie on its rim when `eps` is 0, since their variance is 1. At the tip of
# `xhat` the gradient `dxhat` arrives, dashed. The bracket takes off its mean (one dotted line), then its part along
# `xhat` (the other), and the thick arrow is left.
#
# Turn it. From where do you look straight along the mean direction, and what do the dotted lines look like from
# there?

# %%
from bnlib.plots.three_rows import three_rows


def turned(azimuth, elevation, eps):
    return three_rows([1.0, 5.0, 2.0], [0.2, 2.2, -0.6], azimuth=azimuth, elevation=elevation, eps=eps)


play(
    turned,
    azimuth=(20, -180, 180, 5),
    elevation=(25, -90, 90, 5),
    eps=[0.0, 0.1, 1.0, 3.0, 10.0],
)

# %% [markdown]
# At azimuth 45 and elevation 35 the mean direction is a point, the disc is round, and the dotted line of the
# mean has shrunk to nothing. What remains is flat geometry: an arrow at the tip of a radius, and its part along the
# tangent of the circle. At azimuth -45 and elevation 0 you see the disc from its edge, and in it the thick arrow,
# which has no way out of it.
#
# Then raise `eps`. `xhat` no longer reaches the rim, and the thick arrow leans away from the tangent. That is the
# $\varepsilon/(\mathit{var}+\varepsilon)$ again.

# %% [markdown]
# ## A matrix nobody builds
#
# Now all columns at once. `x` has N times D entries and so has `xhat`. To put all their derivatives into one
# matrix, the arrays have to become vectors first. `vec` does it by stacking the columns of an array; NumPy on its
# own would put row after row.
#
# Think before you look: in the large matrix, with columns stacked, where are the zeros? And with row after row?

# %%
def vec(a):
    """The columns of a, stacked: (N, D) becomes (N*D,)."""
    return a.reshape(-1, order="F")


N, D = 4, 3
small = np.random.default_rng(1).normal(size=(N, D))


def big_jacobian(order):
    def layer(flat):
        x = flat.reshape((N, D), order=order)
        xmu = x - np.mean(x, axis=0)
        return (xmu / np.sqrt(np.mean(xmu**2, axis=0) + 0.1)).reshape(-1, order=order)

    return np.array([complex_step(layer, small.reshape(-1, order=order), out) for out in np.eye(N * D)])


fig, axes = figure(1, 2, width=7.4, height=3.7)
for ax, order, title in zip(axes, "FC", ("columns stacked", "row after row"), strict=True):
    J = big_jacobian(order)
    ax.imshow(np.where(J == 0, np.nan, J), cmap="PuOr", vmin=-1.5, vmax=1.5)
    ax.set(xticks=range(N * D), yticks=range(N * D), xticklabels=[], yticklabels=[], title=title)
    ax.set_facecolor("#e4e7eb")
picture(
    fig,
    alt=f"Two 12 by 12 matrices of derivatives, zeros in grey. With columns stacked, three blocks of 4 by 4 stand on "
    f"the diagonal, {np.count_nonzero(big_jacobian('F'))} of 144 entries. Row after row, the same entries lie on "
    "stripes along the diagonal.",
)

# %% [markdown]
# One block for each column, and nothing between the columns: two features never meet. Row after row, the same
# numbers are scattered over stripes. The mathematics is no other, but `vec` makes the blocks visible.
#
# The matrix is right, as you can test on this toy. Build it for a real layer? Guess first how much memory it takes
# for a batch of 8192 rows and 1024 features, in float64.

# %%
def size(bytes_):
    power = min(int(np.log(max(bytes_, 1)) / np.log(1024)), 5)
    return f"{bytes_ / 1024**power:.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB')[power]}"


shapes = [(4, 3), (64, 64), (256, 1024), (8192, 1024)]
table(
    N=[n for n, d in shapes],
    D=[d for n, d in shapes],
    dx_itself=[size(8 * n * d) for n, d in shapes],
    D_blocks_of_N_by_N=[size(8 * d * n * n) for n, d in shapes],
    the_whole_matrix=[size(8 * (n * d) ** 2) for n, d in shapes],
    share_that_is_not_0=[f"1 in {d}" for n, d in shapes],
)

# %% [markdown]
# The `dx` that it serves to compute fits into 64 MiB. Even the blocks alone would be half a terabyte. So the matrix
# is for thinking and the code never builds it: nobody wants $J$. What is wanted is $J$ times a vector, and that
# needs only the three terms, read from right to left:
#
# $$P\,g = g - \mathbf 1\,\frac{\mathbf 1^T g}{N} - \widehat x\,\frac{\widehat x^T g}{N}.$$
#
# What is $\mathbf 1^T g$, and what shape has it? What is $\widehat x^T g$?

# %% [markdown]
# ### 6.2 The bracket without its matrix
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `project(dxhat, xhat)`, both (N, D). It applies to each column of `dxhat` the bracket of that column, and
# gives back an (N, D). `ivar` is not part of it. No array larger than (N, D) should appear in your code, and no
# loop over columns.
#
# How many means over the rows do you need, of what?

# %% answer="6.2"
def project(dxhat, xhat):
    """The bracket I - 11'/N - xhat xhat'/N of each column, applied to that column of dxhat (N, D)."""
    projected = None
    ###########################################################################
    # TODO 6.2: Take off the two parts that the bracket removes.              #
    # Store the result, of shape (N, D), in projected.                        #
    # Every column has its own mean and its own xhat: mind the axis.          #
    ###########################################################################
    ### BEGIN SOLUTION
    projected = dxhat - np.mean(dxhat, axis=0) - xhat * np.mean(dxhat * xhat, axis=0)
    ### END SOLUTION
    return projected

# %% [markdown]
# The check compares it with the three terms on small batches and on digits, and on one batch of 2,000 rows, where it
# refuses an answer that needs as much memory as the matrix. How much that is you will measure in a moment.

# %% check="6.2"
check("6.2")

# %% [markdown]
# What have you saved? Python can count it: `tracemalloc` notes each array that NumPy makes, and the largest amount that
# was held at one time. The cell carries one `dxhat` of N rows and 8 columns back in three ways: with the whole matrix, with
# the blocks, one after the other, and with `project`, yours if it has passed its check. When N doubles, by what factor
# will each of the three grow?

# %%
from bnlib.exercises.matrix_form import project as the_courses
from bnlib.memory import peak_of

passed = judge("6.2", globals()).passed
ours = project if passed else the_courses


def by_matrix(x, dxhat):
    n, d = x.shape
    whole = np.zeros((n * d, n * d))
    for k in range(d):
        whole[k * n : (k + 1) * n, k * n : (k + 1) * n] = jacobian(x[:, k], 0.1)
    return (whole @ vec(dxhat)).reshape((n, d), order="F")


def by_blocks(x, dxhat):
    return np.stack([jacobian(x[:, k], 0.1) @ dxhat[:, k] for k in range(x.shape[1])], axis=1)


def by_project(x, dxhat):
    xmu = x - np.mean(x, axis=0)
    ivar = 1 / np.sqrt(np.mean(xmu**2, axis=0) + 0.1)
    return ivar * ours(dxhat, xmu * ivar)


counts, measured = [50, 100, 200, 400], {}
for n in counts:
    arrays = np.random.default_rng(n).normal(size=(2, n, 8))
    found = {way.__name__: peak_of(way, *arrays) for way in (by_matrix, by_blocks, by_project)}
    assert all(np.allclose(result, found["by_project"][0]) for result, _ in found.values())
    measured[n] = {name: peak for name, (_, peak) in found.items()}

print("by_project uses", "yours" if passed else "the course's")
table(
    N=counts,
    the_whole_matrix=[size(measured[n]["by_matrix"]) for n in counts],
    its_entries_alone=[size(8 * (8 * n) ** 2) for n in counts],
    the_blocks=[size(measured[n]["by_blocks"]) for n in counts],
    by_project=[size(measured[n]["by_project"]) for n in counts],
    dx_itself=[size(8 * n * 8) for n in counts],
)

# %% [markdown]
# About four times, about four times, and two times. Matrices grow with the square of N, whether it is one large one or a
# small one at a time; a few arrays of the size of `dx` grow as `dx` does. All three ways end at the same `dx`, as the cell has
# made sure.
#
# Multiplied by `ivar`, this is the closed form of [notebook 05](05_closed_form.ipynb), found without following a
# single edge. Here it stands against the graph on 256 digits. In matrices that would have been 64 blocks of 256 by
# 256.

# %%
images, _ = digits_batch(256, seed=6)
on_digits = trace(staged.batchnorm_forward, images, rng.uniform(1, 2, 64), np.zeros(64), eps=1e-3)
back = on_digits.backward(rng.normal(size=images.shape))

verdict = judge("6.2", globals())
if verdict.passed:
    yours = on_digits["ivar"].value * project(back["xhat"], on_digits["xhat"].value)
    print(f"largest entry of dx {np.abs(back['x']).max():.3g}, largest difference {far(yours, back['x']):.1e}")
else:
    print("This cell waits for 6.2.")

# %% [markdown]
# ## Kronecker and Hadamard
#
# The question that opened this notebook is full of two signs. $A\odot B$, the Hadamard product, multiplies entry by
# entry: it is NumPy's `A * B`. $A\otimes B$, the Kronecker product, puts a copy of $B$ times $a_{ij}$ in the place of
# every $a_{ij}$: `np.kron(A, B)`. Each has one rule that takes it to `vec`, and more is not needed:
#
# $$\mathrm{vec}(AXB) = (B^T\otimes A)\,\mathrm{vec}(X), \qquad
# \mathrm{vec}(A\odot B) = \mathrm{diag}(\mathrm{vec}\,A)\,\mathrm{vec}(B).$$

# %%
A, X, B = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(4, 5))
print("first rule: ", far(vec(A @ X @ B), np.kron(B.T, A) @ vec(X)))
A, B = rng.normal(size=(2, 2, 3))
print("second rule:", far(vec(A * B), np.diag(vec(A)) @ vec(B)))

# %% [markdown]
# In the question the layer is written with $\gamma\otimes\mathbf 1$, where $\gamma$ is a row. That is what NumPy does
# when it broadcasts: a copy of the row for every example. How many ones must there be? The question writes
# $\mathbf 1_p$ in its first formula, with $p$ the number of features.

# %%
row = gamma[None, :]
print("N ones:", np.kron(row, np.ones((5, 1))).shape, " D ones:", np.kron(row, np.ones((3, 1))).shape, " x:", batch.shape)
print("same as broadcasting:", np.array_equal(np.kron(row, np.ones((5, 1))), np.broadcast_to(gamma, (5, 3))))

# %% [markdown]
# It has to be $\mathbf 1_N$, and the question's code has it right.

# %% [markdown]
# ### The gradient of beta
#
# *A detour of three minutes.*
#
# The author applied a rule from a collection of matrix derivatives to $\beta\otimes\mathbf 1_N$, printed a matrix of
# 40 rows and 4 columns, and found that it doesn't fit. It does. By the first rule $\mathrm{vec}(\mathbf 1\beta^T) =
# (I\otimes\mathbf 1)\,\beta$, and this matrix is the one that was printed. It is the Jacobian. To carry a gradient
# back it has to be transposed: what does $(I\otimes\mathbf 1)^T$ do to a stack of columns?

# %%
spread = np.kron(np.eye(3), np.ones((5, 1)))
print(spread.T.astype(int))
print("against the graph:", far(spread.T @ vec(upstream), grads["beta"]))

# %% [markdown]
# Each row picks one column out of the stack and adds it up. The sum over rows that you met in step 9 is the
# transpose of a stack of ones.

# %% [markdown]
# ### The gradient of gamma
#
# The first answer below the question writes the layer with diagonal matrices, $b = X_c\,\Gamma\,\Sigma^{-1} +
# \mathbf 1\beta^T$, where $X_c$ is `x` with its means taken off, $\Gamma = \mathrm{diag}(\gamma)$ and $\Sigma =
# \mathrm{diag}(\sigma)$. The first rule turns $\Gamma$ into a vector, with $D^2$ entries of which only the
# diagonal may move:
#
# $$\mathrm{vec}(X_c\,\Gamma\,\Sigma^{-1}) = (\Sigma^{-1}\otimes X_c)\,\mathrm{vec}(\Gamma), \qquad
# \mathrm{vec}(\Gamma) = K\gamma .$$
#
# $K$ holds a single 1 in each column. The answer gives its size as $ND\times D$. Is that right?

# %%
xc, sigma = graph["xmu"].value, graph["sqrtvar"].value
K = np.zeros((9, 3))
K[[0, 4, 8], [0, 1, 2]] = 1
kron = np.kron(np.diag(1 / sigma), xc)
print("vec(Gamma) = K gamma:", np.array_equal(vec(np.diag(gamma)), K @ gamma))
print("Kronecker product:", kron.shape, "  K:", K.shape, "  the size in the answer:", (5 * 3, 3))

# %% [markdown]
# It needs $D^2$ rows, or the product can't be formed. The slip does no harm, since the answer goes on with the right
# matrix. Transposed and multiplied by $W$, the gradient that has come as far as $b$, it leaves the diagonal of a
# small matrix:
#
# $$\nabla_\gamma = K^T\,\mathrm{vec}\!\left(X_c^T\,W\,\Sigma^{-1}\right)
# = \mathrm{diag}\!\left(X_c^T\,W\,\Sigma^{-1}\right).$$

# %%
W = upstream
print("with K:", far(K.T @ (kron.T @ vec(W)), grads["gamma"]))

# %% [markdown]
# There is no $\gamma$ in this formula. The question had one, and asked whether it should "take the diagonal"; the answer
# said yes to the diagonal and no to the $\gamma$, and it is right on both. $b$ is a straight line in $\gamma$, so its slope
# can't depend on where on the line you stand.

# %% [markdown]
# ### 6.3 Gamma's gradient
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `dgamma_matrix(stub, xc, sigma)`. `stub` (N, D) is the question's name for the gradient $W$ that arrives at
# $b$, `xc` (N, D) is the centred input, `sigma` (D,) what it is divided by. It gives back the gradient of gamma, (D,).
#
# Which sum is entry $[d, d]$ of $X_c^T W$? Can you have it without the entries beside the diagonal?

# %% answer="6.3"
def dgamma_matrix(stub, xc, sigma):
    """The diagonal of xc' stub diag(1/sigma): stub and xc (N, D), sigma (D,)."""
    dgamma = None
    ###########################################################################
    # TODO 6.3: Find the gradient of gamma. Store it, of shape (D,), in       #
    # dgamma. The diagonal of the matrix product is right; the same numbers   #
    # without the rest of the matrix are better.                              #
    ###########################################################################
    ### BEGIN SOLUTION
    dgamma = np.sum(xc * stub, axis=0) / sigma
    ### END SOLUTION
    return dgamma

# %% [markdown]
# A matrix product and its diagonal would pass as well as a single sum.

# %% check="6.3"
check("6.3")

# %% [markdown]
# The whole matrix has D by D entries, and all but D of them are computed in vain. With 1024 features that is one in 1024
# kept. Here is the diagonal against the graph, and then what either way costs.

# %%
print("as a diagonal, against the graph:", far(np.diag(xc.T @ W @ np.diag(1 / sigma)), grads["gamma"]))

wide = np.random.default_rng(3).normal(size=(2, 64, 512))
_, peak_with = peak_of(lambda: np.diag(wide[0].T @ wide[1]))
_, peak_without = peak_of(lambda: np.einsum("nd,nd->d", *wide))
print(f"64 rows and 512 features: {size(peak_with)} with the matrix, {size(peak_without)} without")

# %% [markdown]
# ### The gradient of x
#
# For `x` itself there is one block for each column. In the question's notation, with $S$ for the stub and
# $\mathrm{Diag}(M)$ for $M$ with everything beside its diagonal set to 0, the blocks fold up again:
#
# $$\boxed{\;\frac{\partial R}{\partial X} = \Big(C\,S - \tfrac1N\,\widehat X\;\mathrm{Diag}(\widehat X^T S)\Big)\,
# \Gamma\,\Sigma^{-1}\;}$$
#
# It says column by column what the first box says, because $\Gamma$ and $\Sigma$ are diagonal and $\gamma_d$ is one
# number for the whole column. Here it is on the arrays from above, once with the large matrix and once folded.

# %%
xhat, C = graph["xhat"].value, np.eye(5) - np.ones((5, 5)) / 5
S, scale = upstream, np.diag(gamma / sigma)

blocks = np.zeros((15, 15))
for d in range(3):
    blocks[5 * d : 5 * d + 5, 5 * d : 5 * d + 5] = np.outer(xhat[:, d], xhat[:, d]) / 5
large = np.kron(scale, np.eye(5)) @ (np.kron(np.eye(3), C) - blocks)
folded = (C @ S - xhat @ np.diag(np.diag(xhat.T @ S)) / 5) @ scale

print("15 by 15, with Kronecker products:", far(large @ vec(S), vec(grads["x"])))
print("folded:                           ", far(folded, grads["x"]))

# %% [markdown]
# ## The network that was left open
#
# Now the question's network: 10 rows with 7 inputs, a weight matrix $\Gamma_1$ to 4 hidden units, batch
# normalization, a ReLU, weights $\Gamma_2$ to one output, and $R$, the mean of the squared errors. Its data come out
# of R's random generator with the seed 1. They are stored with the course, recomputed from that generator, and the
# cell traces the network on them. The author normalises with R's `scale()`, which divides by N - 1,
# and without `eps`.

# %%
from bnlib.data import two_layer


def network(X, G1, gamma, beta, G2, y, eps, ddof):
    H = X @ G1
    xc = H - np.mean(H, axis=0)
    var = np.sum(xc**2, axis=0) / (len(X) - ddof)
    sigma = np.sqrt(var + eps)
    xhat = xc / sigma
    b = gamma * xhat + beta
    V = np.maximum(b, 0)
    residual = y - V @ G2
    R = np.mean(residual**2)
    return R


data = two_layer.problem()
arrays = [data[name] for name in ("X", "G1", "gamma", "beta", "G2", "y")]
question = trace(network, *arrays, eps=0.0, ddof=1)
draw(question, True, dims={"N": 10, "p1": 7, "p2": 4})

# %% [markdown]
# ### N or N - 1
#
# R's `scale()` divides by N - 1, the layer of Ioffe and Szegedy by N. Where does the other divisor show up in the
# bracket? The mean is a mean over N in both, so $\tfrac1N\mathbf 1\mathbf 1^T$ stays. The variance is now
# $\tfrac1{N-1}\mathit{xmu}^T\mathit{xmu}$, and that was the only place from which $\widehat x\,\widehat x^T$ got its
# factor. So only the third term changes, to
#
# $$I - \tfrac1N\mathbf 1\mathbf 1^T - \tfrac1{N-1}\,\widehat x\,\widehat x^T .$$

# %% [markdown]
# ### 6.4 The whole network
#
# Difficulty ●●●●○ · about 10 minutes
#
# Write `two_layer_gradients(X, G1, gamma, beta, G2, y, eps, ddof)`. It gives back a dictionary with `dG1` (p1, p2),
# `dG2` (p2,), `dgamma` (p2,) and `dbeta` (p2,), the gradients of $R$. The variance divides by `N - ddof`: 1 for the
# question's layer, 0 for the course's. `y` is (N,).
#
# Where does the 1/N of the loss enter, and how many of the four gradients does it reach?

# %% answer="6.4"
def two_layer_gradients(X, G1, gamma, beta, G2, y, eps, ddof):
    """Gradients of R = mean((y - relu(bn(X @ G1)) @ G2)**2) as a dictionary: dG1, dG2, dgamma, dbeta."""
    grads = None
    ###########################################################################
    # TODO 6.4: Run the network forward, with sigma from N - ddof and eps     #
    # inside the root. Then carry the gradient of R back: through the mean    #
    # of the squares, G2, the ReLU, the layer, and the product with G1.       #
    # Store a dictionary with the keys "dG1", "dG2", "dgamma" and "dbeta"     #
    # in grads; each has its parameter's shape.                               #
    ###########################################################################
    ### BEGIN SOLUTION
    N = X.shape[0]
    H = X @ G1
    xc = H - np.mean(H, axis=0)
    ivar = 1.0 / np.sqrt(np.sum(xc**2, axis=0) / (N - ddof) + eps)
    xhat = xc * ivar
    b = gamma * xhat + beta
    V = np.maximum(b, 0)

    dyhat = -2.0 * (y - V @ G2) / N
    stub = np.outer(dyhat, G2) * (b > 0)
    dxhat = stub * gamma
    along = np.sum(dxhat * xhat, axis=0) / (N - ddof)
    dH = ivar * (dxhat - np.mean(dxhat, axis=0) - xhat * along)
    grads = {
        "dG1": X.T @ dH,
        "dG2": V.T @ dyhat,
        "dgamma": np.sum(stub * xhat, axis=0),
        "dbeta": np.sum(stub, axis=0),
    }
    ### END SOLUTION
    return grads

# %% [markdown]
# The check uses the question's own data among others, with both divisors.

# %% check="6.4"
check("6.4")
### BEGIN HIDDEN TESTS
_r = np.random.default_rng(7)
_X, _G1, _G2, _y = _r.normal(size=(6, 3)), _r.normal(size=(3, 2)), _r.normal(size=2), _r.normal(size=6)
_g = two_layer_gradients(_X, _G1, np.array([2.0, -1.5]), np.array([0.5, 0.3]), _G2, _y, 0.1, 1)
assert _g["dG1"].shape == (3, 2)
# A constant added to the input changes nothing behind the layer, so it can't matter to dG1 either.
_h = two_layer_gradients(_X + 1.0, _G1, np.array([2.0, -1.5]), np.array([0.5, 0.3]), _G2, _y, 0.1, 1)
assert np.allclose(_g["dG1"], _h["dG1"])
### END HIDDEN TESTS

# %% [markdown]
# These are the gradients that the question asked for, for its own layer and for the usual one with N and `eps` 0.00001,
# as the traced graph has them, and beside each the distance from centred differences. The data were made
# with the first layer, so behind the second the residuals are other ones.

# %%
def differences(name, eps, ddof):
    """The gradient of R by one of its parameters, by centred differences."""

    def R(moved):
        return network(*({**data, name: moved}[k] for k in ("X", "G1", "gamma", "beta", "G2", "y")), eps, ddof)

    return numeric_gradient(R, data[name], 1.0)


for words, eps, ddof in (("the question's layer", 0.0, 1), ("the usual layer", 1e-5, 0)):
    found = trace(network, *arrays, eps=eps, ddof=ddof).backward()
    print(f"{words} (ddof {ddof}, eps {eps:g})")
    for name in ("beta", "gamma", "G2", "G1"):
        text = np.array2string(found[name], precision=4, suppress_small=True, prefix=" " * 9)
        print(f"  {'d' + name:6} {text}   off by {far(found[name], differences(name, eps, ddof)):.0e}")

# %% [markdown]
# And yours, once 6.4 passes: the largest difference from the graph in any of the four.

# %%
if judge("6.4", globals()).passed:
    for words, eps, ddof in (("the question's layer", 0.0, 1), ("the usual layer", 1e-5, 0)):
        found = trace(network, *arrays, eps=eps, ddof=ddof).backward()
        yours = two_layer_gradients(*arrays, eps, ddof)
        print(f"{words}: {max(far(yours['d' + name], found[name]) for name in ('G1', 'G2', 'gamma', 'beta')):.1e}")
else:
    print("This cell waits for 6.4.")

# %% [markdown]
# In the question's notation, then, what was left open is
#
# $$\frac{\partial R}{\partial\Gamma_1} = X^T\Big(C\,S - \tfrac1{N-1}\,\widehat X\;\mathrm{Diag}(\widehat X^T S)\Big)\,
# \Gamma\,\Sigma^{-1}, \qquad S = -\tfrac2N\,\hat\epsilon\,\Gamma_2^T\odot a'(b),$$
#
# and no node was visited by itself.

# %% [markdown]
# ### Three attempts
#
# *A detour of ten minutes.*
#
# The question has three attempts at a gradient, each with what R printed. In NumPy they are short. `relu_slope` is the
# author's: it sets negative numbers to 0, and then everything that is not negative to 1. Read that sentence again
# before you run the cell.

# %%
X, G2, u = data["X"], data["G2"], data["u"]
b, sigma, xhat = (question[name].value for name in ("b", "sigma", "xhat"))


def relu_slope(v):
    v = np.where(v < 0, 0.0, v)
    return np.where(v >= 0, 1.0, v)


stub = -2 * np.outer(u, G2) * relu_slope(b)
attempts = {
    "drdb": stub.sum(axis=0),
    "drdG1": X.T @ (stub * (data["gamma"] * sigma)),
    "drdg": xhat.T @ (stub * data["gamma"]),
}
printed = two_layer.printed()
for name, found in attempts.items():
    print(f"{name:6} {found.shape}: largest difference from what R printed {far(found, printed[name]):.1e}")

# %% [markdown]
# All printed digits come out, so these are the author's formulas. Are they gradients? Centred differences know no
# formula. `dgamma` is compared with the diagonal.

# %%
names = ("G1", "gamma", "beta")
true = {name: differences(name, 0.0, 1) for name in names}
theirs = {"G1": printed["drdG1"], "gamma": np.diag(printed["drdg"]), "beta": printed["drdb"]}
table(
    hidden_unit=range(4),
    dbeta_printed=theirs["beta"],
    dbeta_measured=true["beta"],
    dgamma_printed=theirs["gamma"],
    dgamma_measured=true["gamma"],
    dG1_row_0_printed=theirs["G1"][0],
    dG1_row_0_measured=true["G1"][0],
)

# %% [markdown]
# Nothing agrees. Two of the four entries of `dbeta` have the wrong sign, and in this row of `dG1` all are too large, by
# factors from 500 up. Do the three at least point the right way? Two arrays of numbers point the same way when the
# cosine of the angle between them is 1, and have nothing to do with each other when it is 0.

# %%
def cosine(a, b):
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))


table(gradient=[f"d{name}" for name in names], cosine=[cosine(theirs[name], true[name]) for name in names])

# %% [markdown]
# Two of them lean the right way. The one for `beta` points uphill: a small step against it would raise $R$.

# %% [markdown]
# #### They match, and it shows nothing
#
# The author did test. For `beta` a loop over the hidden units printed the same four numbers as the matrix formula,
# and the question says that they match. The loop has a slip: it feeds the ReLU's derivative with the column
# of `X` times a row of `G1` instead of the hidden unit. How can two different things match? Feed it with anything.

# %%
for seed in range(3):
    noise = np.random.default_rng(seed).normal(size=(10, 4))
    print(np.sum(-2 * np.outer(u, G2) * relu_slope(noise), axis=0))

# %% [markdown]
# With random numbers in the place of the hidden units it matches too. The second assignment has undone the first:
# after it the slope is 1 everywhere, and its argument plays no part. Two programs that share a mistake agree. That is
# why this course brings a witness that shares nothing, the difference quotient.

# %% [markdown]
# #### One mistake after the other
#
# Now repair the attempts, one mistake at a time, and watch the distance from the truth. The list for `G1`: the slope
# of the ReLU; `w`, which multiplies by sigma in the code and divides by it in the text; the 1/N of the
# mean of the squares; and last, `w` held constant, as if sigma and the mean did not depend on `G1`. Which
# repair do you expect to matter most?

# %%
def bracket_of(column, divisor):
    """The bracket of a column of xhat; divisor is what its variance was divided by."""
    n = len(column)
    return np.eye(n) - np.ones((n, n)) / n - np.outer(column, column) / divisor


def attempt(relu=False, divide=False, mean=False, statistics=False, no_gamma=False):
    slope = (b > 0) * 1.0 if relu else relu_slope(b)
    s = -2 * np.outer(u, G2) * slope / (10 if mean else 1)
    g = s * data["gamma"]
    to_H = g / sigma if divide else g * sigma
    if statistics:
        to_H = np.stack([bracket_of(xhat[:, d], 9) @ g[:, d] for d in range(4)], axis=1) / sigma
    dgamma = np.sum(s * xhat, axis=0) * (1 if no_gamma else data["gamma"])
    return {"G1": X.T @ to_H, "gamma": dgamma, "beta": s.sum(axis=0)}


def ladder(name, *repairs):
    """The relative distance from the truth and the cosine, before any repair and after each."""
    done, lines = {}, []
    for repair, words in ((None, "as asked"), *repairs):
        done |= {repair: True} if repair else {}
        found = attempt(**done)[name]
        off = np.linalg.norm(found - true[name]) / np.linalg.norm(true[name])
        lines.append((f"d{name}", words, f"{off:.1f}" if off > 1e-6 else "0", f"{cosine(found, true[name]):.3f}"))
    return lines


relu, mean = ("relu", "the ReLU's slope"), ("mean", "1/N")
lines = [
    *ladder("beta", relu, mean),
    *ladder("gamma", relu, mean, ("no_gamma", "no gamma in dgamma")),
    *ladder("G1", relu, mean, ("divide", "divided by sigma"), ("statistics", "mean and sigma depend on G1")),
]
heads = ("gradient", "then_repaired", "distance_in_lengths_of_the_truth", "cosine")
table(**dict(zip(heads, zip(*lines, strict=True), strict=True)))

# %% [markdown]
# All three end at 0, so the list is complete. Twice the first repair makes the distance larger: for `beta` the
# direction is perfect after it, and what remains is a factor of 10. Mistakes can hide each other, so a repair can't be
# judged by one number.
#
# For `G1` the last repair is the bracket of this notebook. Without it the direction is wrong, whatever else
# you mend. A gradient that takes mean and sigma for constants keeps pulling at the two directions that the layer undoes. The
# first answer warns of it: a derivation with a fixed $w$ makes the "explosion" that the layer's authors wanted to avoid.
# [Notebook 08](08_does_it_matter.ipynb) lets such a gradient train.
#
# Two smaller slips stand in the question's formulas for the network without the layer. The gradients of the two
# weights are swapped. Shapes alone show it: which of them can belong to $\Gamma_1$, (7, 4)?

# %%
V = question["V"].value
print("called the gradient of Gamma_1:", (-2 * V.T @ u).shape)
print("called the gradient of Gamma_2:", (X.T @ (-2 * np.outer(u, G2) * (b > 0))).shape)

# %% [markdown]
# And the divisor? Going forward with N - 1 and backward with N, the gradient of no layer comes out.

# %%
arrived = -2 * np.outer(u, G2) * (b > 0) / 10 * data["gamma"]
for divisor in (9, 10):
    dH = np.stack([bracket_of(xhat[:, d], divisor) @ arrived[:, d] for d in range(4)], axis=1) / sigma
    off = np.linalg.norm(X.T @ dH - true["G1"]) / np.linalg.norm(true["G1"])
    print(f"forward with 9, backward with {divisor:2}: off by {off:.1e} of the length of dG1")

# %% [markdown]
# ## Lying on its side
#
# Many courses keep the examples in columns: `Z` is (D, N), and a layer is `W @ A + b`. A reader of Kratzert's post
# warns in its comments that this has to be taken into account at every step. In 2022 olgeorge asked in the
# [DeepLearning.AI community](https://community.deeplearning.ai/t/batch-normalization-gradient-computation-question/178397)
# whether in such a network the backpropagation has to be changed when batch normalization comes in, or
# whether one silently ignores it. The thread ends with the advice that the backward pass has to be rewritten. No
# gradient is given. You have it already; it lies on its side.

# %% [markdown]
# The question also writes the chain rule as a product of three factors, the last one the derivative of the layer's
# output with respect to `Z`, and fears that this factor is insanely complex. It is no factor of the shape of `Z` at
# all. It is the Jacobian of this notebook, with numbers beside its diagonal, so no product entry by entry can do its
# work. Applied to a gradient it is the bracket: two means.
#
# What else changes in such a network? `dW` is `dZ @ A.T` as before, with the `dZ` that has come through the layer. The
# bias `b` has nothing to do any more, since the mean takes it off, and its gradient is 0. And if your `dZ`s leave the
# 1/m of the loss to the very end, as that course's do, then `dgamma` and `dbeta` need the 1/m too, because everything
# here is linear in the gradient from above.

# %% [markdown]
# ### 6.5 Features first
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `batchnorm_backward_features_first(dout, cache)` for `dout` (D, N). The cache is the one you know, on its
# side: `(xhat, gamma, xmu, ivar, sqrtvar, var, eps)` with `xhat` and `xmu` of shape (D, N), and `gamma`, `ivar`,
# `sqrtvar` and `var` of shape (D, 1). It gives back `dx` (D, N), and `dgamma` and `dbeta` of shape (D, 1), like the
# parameters that they belong to.
#
# You could transpose everything, call an old function and transpose back. Could you do without?

# %% answer="6.5"
def batchnorm_backward_features_first(dout, cache):
    """The backward pass for arrays with a row for each feature: dout (D, N)."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 6.5: The examples run along axis 1 now. Store the gradient of x,   #
    # of shape (D, N), in dx, and those of gamma and beta, of shape (D, 1),   #
    # in dgamma and dbeta. A sum can keep its axis.                           #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, _, ivar, _, _, _ = cache
    N = dout.shape[1]
    dbeta = np.sum(dout, axis=1, keepdims=True)
    dgamma = np.sum(dout * xhat, axis=1, keepdims=True)
    dx = gamma * ivar * (dout - dbeta / N - xhat * dgamma / N)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# `gamma` may stand in front here because it is one number along the axis of the means. Keep that in mind for
# [notebook 09](09_beyond_batch.ipynb), where it isn't.

# %% check="6.5"
check("6.5")

# %% [markdown]
# ### A mean that overwrites the count
#
# *A detour of five minutes.*
#
# The forward pass in that question needs a look as well. It sums without an axis. It adds epsilon to the root and not under
# it. And it stores the mean under the name `m`, which had been the number of examples. The next line divides by m.
# What does it divide by?

# %%
def as_asked(Z):
    """The statistics of the question, with its names and in its order."""
    m = Z.shape[1]
    m = 1 / m * np.sum(Z)
    sigma2 = 1 / m * np.sum((Z - m) ** 2)
    return m, sigma2


Z = np.random.default_rng(4).normal(0, 2, (1, 5))
Z -= Z.mean()
shifts = [-3.0, -0.5, 0.5, 3.0, 30.0]
with np.errstate(invalid="ignore"):
    table_of_m = table(
        mean_of_Z=shifts,
        m_in_the_second_line=[as_asked(Z + shift)[0] for shift in shifts],
        sigma2_as_asked=[as_asked(Z + shift)[1] for shift in shifts],
        its_root=[np.sqrt(as_asked(Z + shift)[1]) for shift in shifts],
        true_variance=[(Z + shift).var() for shift in shifts],
    )
table_of_m

# %% [markdown]
# One unit, five examples, the same spread in every line. The true variance does not care where the mean is. The other
# one is the sum of squares divided by the mean: negative where the mean is, so that the root is not a number. Two
# things should never share a name.
#
# With more than one unit the missing axis comes on top. Every unit gets the same statistics, however different they
# are.

# %%
Z = np.array([[0.0], [100.0]]) + np.random.default_rng(5).normal(size=(2, 6))
whole = (Z - np.mean(Z)) / np.sqrt(np.var(Z) + 1e-5)
each = (Z - np.mean(Z, axis=1, keepdims=True)) / np.sqrt(np.var(Z, axis=1, keepdims=True) + 1e-5)
table(
    unit=range(2),
    mean_without_axis=whole.mean(axis=1),
    spread_without_axis=whole.std(axis=1),
    mean_with_axis_1=np.round(each.mean(axis=1), 12) + 0.0,
    spread_with_axis_1=each.std(axis=1),
)

# %% [markdown]
# ## What you can do now
#
# You can write the backward pass of batch normalization as one matrix, say which two directions that matrix removes
# and why, and apply it without building it. You can read Kronecker and Hadamard products as broadcasting and
# `*`. And you have answered a question that had waited since 2018, with its own data.
#
# Three questions, before you go.
#
# <details><summary>1. A colleague's dx has columns that sum to 0, and the sum of dx * xhat in each column is as large as
# the gradient itself, with eps at 0.00001. Which part of the bracket is missing?</summary>
#
# The third, $\widehat x\,\widehat x^T/N$: the path through the variance. The sum that is 0 shows that the part along
# the mean has been taken off.
#
# </details>
#
# <details><summary>2. Somebody replaces the layer's N by N - 1 going forward and keeps the old backward pass, which
# computes the mean of dxhat * xhat over N. For which batches will a gradient check find that?</summary>
#
# For all that one would try. The third term is then off by the factor (N - 1)/N: a tenth for 10 rows, and for 1000 a
# thousandth, which is still far above rounding. The second term is right, so all columns of dx still sum to 0.
#
# </details>
#
# <details><summary>3. Why is the gradient of a bias in front of batch normalization 0, in the language of this
# notebook?</summary>
#
# A bias moves a whole column along $\mathbf 1$. Its gradient is $\mathbf 1^T\mathit{dx} = \mathit{ivar}\,\mathbf
# 1^TP\,\mathit{dxhat}$, and $P$ sends $\mathbf 1$ to 0, for every eps.
#
# </details>

# %% [markdown]
# ### Sources
#
# [Matrix form of backpropagation with batch normalization](https://stats.stackexchange.com/questions/328242/matrix-form-of-backpropagation-with-batch-normalization),
# Cross Validated, 2018: the network, its data and its printed numbers, and the first answer's diagonal. olgeorge,
# [Batch normalization gradient computation question](https://community.deeplearning.ai/t/batch-normalization-gradient-computation-question/178397),
# DeepLearning.AI community, 2022. S. Ioffe and C. Szegedy, [Batch Normalization](https://arxiv.org/abs/1502.03167), 2015. The rules for `vec`
# are in J. R. Magnus and H. Neudecker, *Matrix Differential Calculus with Applications in Statistics and Econometrics*, to which a comment below the question
# points.
#
# Next: [7 · Training and testing](07_train_and_test.ipynb), where the statistics stop being functions of the batch, and the bracket with them.
