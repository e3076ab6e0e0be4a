# %% [markdown]
# # 4 · The gradient check
#
# You have written a backward pass, and numbers come out of it. How do you know that they are the gradient?
#
# Under the post by F. Kratzert that this course follows ([Understanding the backward pass through Batch
# Normalization Layer](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html),
# 2016) a reader, Samuel Pun, asks exactly this. He compared two implementations, their results differed slightly,
# and he wanted a test that he could believe. The answers there point in the right direction and leave three things
# open: which difference to take, how small an error has to be, and which gradient to send in from above. Each of
# the three can make a wrong gradient pass. In this notebook you settle them, build the check, and use it to hunt
# three bugs. Allow 45 minutes.

# %% given=true
import numpy as np

# %% [markdown]
# These are the course's helpers for what follows. One of them lays numbers out as a table.

# %%
from bnlib import check, hint, judge, picture, play
from bnlib.gradcheck import complex_step, numeric_gradient as measure, relative_error as apart
from bnlib.norms import staged
from bnlib.style import ACCENT, GRADIENT, INK, MUTED, figure
from bnlib.table import table

# %% [markdown]
# ## A step to one side
#
# Leave calculus aside. A gradient says how much the loss rises when one number rises a little. So raise the
# number a little, run the forward pass again, and look.
#
# The layer here is batch normalization of 5 rows and 3 features. For a loss, every entry of `out` gets a weight,
# and the weighted entries are added up. The weights are then the upstream gradient, `dout`. Do you see why?

# %%
rng = np.random.default_rng(4)
x = rng.normal(size=(5, 3))
gamma, beta, eps = rng.uniform(1.5, 2.5, 3), rng.normal(size=3), 1e-5
dout = rng.normal(size=(5, 3))


def forward(x):
    return staged.batchnorm_forward(x, gamma, beta, eps)[0]


def loss(x):
    return np.sum(dout * forward(x))


exact = complex_step(forward, x, dout)[0, 0]
print("how fast the loss rises with x[0, 0]:", exact)

# %% [markdown]
# The exact slope in that cell comes from a trick with complex numbers, to which we come back. The plain way is
# the one that Kratzert recommends in his reply: move `x[0, 0]` up by `h`, and divide what the loss gained by `h`.
#
# $$\frac{L(x + h) - L(x)}{h}$$
#
# A derivative is what this tends to when `h` becomes small. So which of these steps will come closest: 0.1,
# 0.00001, or the smallest, 0.000000000000001? Commit yourself before you run the cell.

# %%
def moved(h):
    """x with its entry [0, 0] moved by h."""
    there = x.copy()
    there[0, 0] += h
    return there


steps = [1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13, 1e-15]
one_sided = [(loss(moved(h)) - loss(x)) / h for h in steps]
table(h=steps, one_sided=one_sided, error=[abs(slope - exact) for slope in one_sided])

# %% [markdown]
# The error falls with `h`, reaches a lowest point, and rises again. At the smallest step the slope comes out as 0,
# and no digit is left. The best that this formula gives here is about seven good digits.

# %% [markdown]
# ## Centred differences
#
# Step to both sides, and divide by the whole distance:
#
# $$\frac{L(x + h) - L(x - h)}{2h}.$$
#
# It costs one more forward pass. What does it buy? Write the loss near `x` as a series,
#
# $$L(x \pm h) = L \pm h\,L' + \tfrac{1}{2} h^2 L'' \pm \tfrac{1}{6} h^3 L''' + \dots$$
#
# The one-sided quotient keeps $\tfrac{1}{2} h L''$ as its error. In the centred one everything with an even power
# of $h$ is the same on both sides and cancels, so the error begins with $\tfrac{1}{6} h^2 L'''$. When you make `h`
# ten times smaller, by what factor does each of the two errors shrink?

# %%
centred = [(loss(moved(h)) - loss(moved(-h))) / (2 * h) for h in steps]
table(
    h=steps,
    error_one_sided=[abs(slope - exact) for slope in one_sided],
    error_centred=[abs(slope - exact) for slope in centred],
)

# %% [markdown]
# Ten times and a hundred times: from one line of the table to the next, `h` shrinks a hundred times, and in the
# upper lines the centred error shrinks ten thousand times. At its best it is far better than the other at its best.
#
# ### 4.1 A gradient without calculus
#
# Difficulty ●●●○○ · about 8 minutes
#
# Write `numeric_gradient(f, x, df, h)`. `f` maps an array to an array, and `df` has the shape of `f(x)`. Give back
# the gradient of `np.sum(df * f(x))`, by centred differences, in the shape of `x`, which may be any.
#
# Some layers return the very array that they were given, or a view of it. If you move an entry of one array to
# and fro and keep two results of such an `f`, what will their difference be?

# %% answer="4.1"
def numeric_gradient(f, x, df, h):
    """The gradient of np.sum(df * f(x)) with respect to x, by centred differences."""
    dx = None
    ###########################################################################
    # TODO 4.1: Move one entry of x at a time by h, up and down, and store    #
    # the slope of np.sum(df * f(x)) in the same entry of dx.                 #
    # Leave x as it is. It may hold whole numbers, or float32; the work and   #
    # the result should be float64 all the same.                              #
    ###########################################################################
    ### BEGIN SOLUTION
    point = np.array(x, dtype=np.float64)
    dx = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[index] += h
        down[index] -= h
        dx[index] = np.sum(df * (f(up) - f(down))) / (2 * h)
    ### END SOLUTION
    return dx

# %% [markdown]
# `np.ndindex(x.shape)` goes through all indices of an array of any shape. The check has cubes, sines, the layer
# itself, and an `f` of the unfriendly kind.

# %% check="4.1"
check("4.1")

# %% [markdown]
# ## The U
#
# Two errors pull in opposite directions. The next picture shows their sum over fifteen powers of ten.
#
# The first is the truncated series, and it falls with `h`. The second is rounding. A loss of size $|L|$ is known to
# about $u\,|L|$, where $u$ is the rounding unit, $10^{-16}$ in float64. The difference of two losses has the same
# error, and then it is divided by `h`: $u\,|L| / h$, which grows as `h` shrinks.
#
# Move the sliders. In float32 $u$ is $6 \cdot 10^{-8}$: where will the lowest points go? And what happens when the
# data lies far from 0, so that `x` itself has fewer digits behind the point?

# %%
sizes = np.logspace(-15, 0, 91)


def slopes(precision, offset):
    """One-sided and centred errors over all sizes of h, and the exact slope."""
    kind = np.dtype(precision).type
    far = x + offset
    true = complex_step(forward, far, dout)[0, 0]

    def at(h):
        there = far.astype(kind)
        there[0, 0] += kind(h)
        out, _ = staged.batchnorm_forward(there, gamma.astype(kind), beta.astype(kind), eps)
        return float(np.sum(dout.astype(kind) * out))

    left, right, here = np.array([at(-h) for h in sizes]), np.array([at(h) for h in sizes]), at(0.0)
    return abs((right - here) / sizes - true), abs((right - left) / (2 * sizes) - true)


def u_curve(precision, offset):
    one, two = slopes(precision, offset)
    fig, axes = figure(width=7, height=3.8)
    for error, colour, style, label in ((one, GRADIENT, "--", "one-sided"), (two, ACCENT, "-", "centred")):
        # An error of exactly 0 has no place on this axis.
        axes.loglog(sizes, np.maximum(error, 1e-14), style, color=colour, label=label)
        best = np.argmin(error)
        axes.plot(sizes[best], max(error[best], 1e-14), "o", color=colour)
    axes.set(xlabel="h", ylabel="error of the slope", ylim=(1e-14, 1e4))
    axes.set_title(f"{precision}, x about {offset:g}: too small a step is as bad as too large a one", loc="left", y=1.0)
    axes.legend(loc="upper center", frameon=False)
    lowest = [f"{sizes[np.argmin(e)]:.0e}" for e in (one, two)]
    return picture(
        fig,
        alt=f"The error of the slope over h from 1e-15 to 1, both axes logarithmic, in {precision} with x about "
        f"{offset:g}. At the smallest h the errors are {one[0]:.0e} and {two[0]:.0e}, at h = 1 they are {one[-1]:.0e} and "
        f"{two[-1]:.0e}, and between they are lower, like the letter U. The one-sided one is lowest near h = "
        f"{lowest[0]} with {one.min():.0e}, the centred one near h = {lowest[1]} with {two.min():.0e}.",
        trim=False,
    )


play(
    u_curve,
    precision=["float64", "float32"],
    offset=[0.0, 10.0, 1000.0, 100000.0],
    labels={"offset": "added to x"},
)

# %% [markdown]
# The right-hand arms are truncation: one of them rises with `h`, the other with $h^2$, twice as steep. The
# left-hand arms are rounding, ragged because rounding is. Where an arm runs flat, `h` is smaller than the distance
# between `x` and the next number that the precision has: `x` doesn't move, the measured slope is 0, and the error is
# the whole slope. Far from 0 those distances are larger, so that happens sooner.
#
# Where do the two errors balance? For the one-sided quotient where $h \approx u / h$, so at the square root of $u$;
# for the centred one where $h^2 \approx u / h$, at the cube root.

# %%
unit = np.array([np.finfo(kind).eps / 2 for kind in (np.float64, np.float32)])
found = [slopes(precision, 0.0) for precision in ("float64", "float32")]
table(
    precision=["float64", "float32"],
    root_of_u=unit ** (1 / 2),
    best_h_one_sided=[sizes[np.argmin(one)] for one, _ in found],
    cube_root_of_u=unit ** (1 / 3),
    best_h_centred=[sizes[np.argmin(two)] for _, two in found],
    least_error_centred=[two.min() for _, two in found],
)

# %% [markdown]
# The rule gives the order of magnitude, and no more is needed. With float64 and `x` of ordinary size, `h = 1e-5`
# and two sides is the choice for the rest of this notebook.

# %% [markdown]
# ### float32
#
# In float32 the same step is too small. A pixel that is full of ink has the value 16 in the digits of this course. How
# far apart are two neighbouring float32 numbers there, and what does that do to a step of `1e-5`?

# %%
ink = np.float32(16.0)
walked = float(ink + np.float32(1e-5)) - 16.0
print(f"distance to the next float32 number: {np.spacing(ink):.2e}")
print(f"a step of 1e-5 arrives at a distance of {walked:.2e}, which is off by {abs(walked / 1e-5 - 1):.1%}")

# %% [markdown]
# The step itself is off before any loss has been computed, and the rounding of the loss comes on top. So check gradients in
# float64, also those of a network that trains in float32: the formulas are the same, only the inputs are converted.

# %% [markdown]
# ### Whole numbers
#
# Pixels are whole numbers. What does this print?

# %%
pixels = np.array([3, 1, 4])
pixels[0] = pixels[0] + 1e-5
print(pixels)

# %% [markdown]
# An integer array rounds what is stored in it towards 0, and says nothing. `f` gets the same array twice, and the
# measured slope is 0. If `dx` is made by `np.zeros_like(x)`, then its entries are cut off in the same way. That is
# why 4.1 asked for float64.

# %% [markdown]
# ### A way without subtraction
#
# Rounding enters because two nearly equal losses are subtracted. The trick at the beginning avoids that. Step along
# the imaginary axis: $L(x + ih) = L + ih\,L' + \dots$, so the slope is the imaginary part divided by `h`, and nothing
# is subtracted (W. Squire and G. Trapp, [Using Complex Variables to Estimate Derivatives of Real
# Functions](https://doi.org/10.1137/S003614459631241X), SIAM Review 40, 1998).

# %%
for h in (1e-2, 1e-5, 1e-100):
    there = x.astype(complex)
    there[0, 0] += 1j * h
    print(f"h = {h:5.0e}: {loss(there).imag / h:.16f}")

_, cache = staged.batchnorm_forward(x, gamma, beta, eps)
print(f"by formula: {staged.batchnorm_backward(dout, cache)[0][0, 0]:.16f}")

# %% [markdown]
# With `h = 1e-100` it is as good as a formula. It works for code made of operations that have a meaning for complex
# numbers, as those of this layer have. `abs`, `maximum` and comparisons do not.

# %% [markdown]
# ## How far apart are two gradients
#
# In the thread under the post a picture of differences below `1e-7` gets the reply that such differences are
# totally fine. Are they?
#
# Here is a layer whose inputs are the prices of houses, with a spread of 100 000, and whose loss is a mean over
# 4096 rows. Three "backward passes" are compared with the right one. The second has forgotten everything and returns
# zeros. Which of them pass, if a difference below `1e-7` is fine?

# %%
many = 1e5 * rng.normal(size=(4096, 3))
from_a_mean = rng.normal(size=(4096, 3)) / 4096
_, cache = staged.batchnorm_forward(many, gamma, beta, eps)
true_dx, _, _ = staged.batchnorm_backward(from_a_mean, cache)

table(
    backward_pass=["the true one, halved", "nothing but zeros", "the true one, sign turned"],
    largest_difference=[np.abs(k * true_dx - true_dx).max() for k in (0.5, 0.0, -1.0)],
    largest_entry_of_dx=[np.abs(true_dx).max()] * 3,
)

# %% [markdown]
# All of them. The gradient itself is smaller than the limit, so whatever is small as well will pass. A difference
# says nothing until you ask: small compared with what?
#
# Divide it by the size of what is compared. For each entry,
#
# $$\frac{|a - b|}{\max(10^{-8},\ |a| + |b|)},$$
#
# and the check hears about the worst entry. It is 0 where the two agree, and 1 where a sign is turned or one of them
# is 0. The small number below keeps 0/0 away.
#
# ### 4.2 How far apart
#
# Difficulty ●●○○○ · about 5 minutes
#
# Write `relative_error(a, b)` for two arrays of one shape. Give back the largest of these quotients, as a number.
#
# A backward pass that divides by 0 returns NaN somewhere. Every comparison with NaN is false, so for
# `error = np.nan`, which of `error < 1e-6` and `error > 1e-6` would stop it? Where anything in `a` or `b` isn't finite,
# give back `np.inf`.

# %% answer="4.2"
def relative_error(a, b):
    """The largest |a - b| / max(1e-8, |a| + |b|) over all entries; np.inf where any isn't finite."""
    error = None
    ###########################################################################
    # TODO 4.2: Compare a and b entry by entry and store the worst quotient   #
    # in error. A NaN or an infinity in a or in b must never pass.            #
    ###########################################################################
    ### BEGIN SOLUTION
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    error = np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))
    ### END SOLUTION
    return error

# %% [markdown]
# The check hides a NaN at the beginning, in the middle and at the end. Python's own `max` notices only some of those.

# %% check="4.2"
check("4.2")

# %% [markdown]
# ### What size is good
#
# Ask an experiment. bnlib has a backward pass with thirty ways of getting one step wrong: a sign lost, a mean for
# a sum, `gamma` forgotten. Take 100 random batches. For each one compute the relative error of a right backward pass
# against the centred difference, and that of one of the thirty wrong ones. Where will the two clouds lie, and how
# much room is between them?

# %%
from bnlib.suspects import MISTAKES, wrong_backward


def layer_at(seed, rows=6, columns=4):
    """A random layer, and a random upstream gradient for it."""
    rng = np.random.default_rng(seed)
    shape = (rows, columns)
    point = rng.normal(size=shape), rng.uniform(1.5, 2.5, columns), rng.normal(size=columns)
    return point, rng.normal(size=shape)


def check_layer(backward, point, upstream, eps=0.3, compare=apart, kind=np.float64):
    """The worst error of dx, dgamma and dbeta of a backward pass, against centred differences."""

    def moved(k):
        """The output as a function of x, of gamma or of beta, for k = 0, 1 or 2."""
        return lambda a: staged.batchnorm_forward(*point[:k], a, *point[k + 1 :], eps)[0]

    measured = [measure(moved(k), point[k], upstream) for k in range(3)]
    _, cache = staged.batchnorm_forward(*(a.astype(kind) for a in point), eps)
    returned = backward(upstream.astype(kind), cache)
    return max(compare(a, b) for a, b in zip(returned, measured, strict=True))


batches = [layer_at(seed) for seed in range(100)]
right = [check_layer(staged.batchnorm_backward, *batch) for batch in batches]
right32 = [check_layer(staged.batchnorm_backward, *batch, kind=np.float32) for batch in batches]
# Four turns through the thirty mistakes, as far as the batches go.
turns = list(MISTAKES) * 4
wrong = [check_layer(wrong_backward(turns[i]), *batch) for i, batch in enumerate(batches)]

fig, axes = figure(width=7, height=2.8)
clouds = {
    "wrong": (wrong, GRADIENT, "x"),
    "right, float32": (right32, MUTED, "."),
    "right, float64": (right, ACCENT, "o"),
}
for level, (errors, colour, mark) in enumerate(clouds.values()):
    jitter = np.random.default_rng(level).uniform(-0.2, 0.2, len(errors))
    axes.semilogx(errors, level + jitter, mark, color=colour, alpha=0.6)
axes.set(yticks=range(3), yticklabels=list(clouds), ylim=(-0.6, 2.6))
axes.set(xlabel="relative error against centred differences")
axes.set_title("Right and wrong lie far apart in float64", loc="left", y=1.0)
said = "; ".join(f"{label} from {min(e):.0e} to {max(e):.0e}" for label, (e, _, _) in clouds.items())
picture(fig, alt=f"Relative errors of 100 backward passes each on a logarithmic axis: {said}.")

# %% [markdown]
# The cell below gives the ends of the three clouds in numbers.

# %%
table(
    backward_pass=list(clouds),
    smallest=[min(e) for e, _, _ in clouds.values()],
    median=[np.median(e) for e, _, _ in clouds.values()],
    largest=[max(e) for e, _, _ in clouds.values()],
)

# %% [markdown]
# In float64 most right answers lie far below `1e-7`, all wrong ones far above `1e-4`, and hardly anything lies between
# (`eps` is 0.3 here, so that forgetting it shows as well). This fits the rule of thumb in the notes of CS231n ([Neural Networks Part 3](https://cs231n.github.io/neural-networks-3/)):
# be content below `1e-7`, become suspicious above `1e-4` for a function without kinks, and expect a bug above `1e-2`.
#
# Look at the largest right one all the same: in both precisions it is hundreds of times above the median. An entry of
# `dx` that happens to lie near 0 has few digits left, and the worst entry is the one that speaks. So look at the size
# of that entry before you call it a bug. And two right implementations differ in their last digits, because they
# take the same sums in another order.
#
# Samuel Pun's case was not of that kind. The small differences in his picture turned out to be those of the other
# implementation. His ten steps showed large ones, and the thread ends without the reason. He had a check, and no
# way to find the step. You will have one by the end of this notebook.

# %% [markdown]
# ## A kink
#
# Batch normalization is smooth, as long as `eps` is not 0. The ReLU behind it is not: it has a kink at 0. Take an
# entry of size `0.000003`, right beside the kink. The true slope is 1. What does a centred difference with
# `h = 0.00001` find there?

# %%
def relu(a):
    return np.maximum(a, 0.0)


measured = (relu(3e-6 + 1e-5) - relu(3e-6 - 1e-5)) / 2e-5
print(f"true slope 1, measured {measured:.2f}")

# %% [markdown]
# One foot stands on the flat side. Whatever lies closer to the kink than `h` gets a number between the two slopes.
# Move `h`.

# %%
def beside_the_kink(h):
    at = np.linspace(-0.5, 0.5, 401)
    fig, axes = figure(width=7, height=2.8)
    axes.plot(at, (at > 0).astype(float), color=INK, label="true slope")
    axes.plot(at, (relu(at + h) - relu(at - h)) / (2 * h), "--", color=GRADIENT, label="centred difference")
    axes.set(xlabel="where", ylabel="slope", ylim=(-0.1, 1.1))
    axes.set_title(f"With h = {h:g} the measurement is wrong on a strip of width {2 * h:g}", loc="left", y=1.0)
    axes.legend(loc="center right", frameon=False)
    return picture(
        fig,
        alt=f"The slope of ReLU jumps from 0 to 1 at 0. The centred difference with h = {h:g} rises in a straight "
        f"line from 0 to 1 between {-h:g} and {h:g}.",
        trim=False,
    )


play(beside_the_kink, h=(0.2, 0.01, 0.4, 0.01))

# %% [markdown]
# A smaller step makes the strip narrower and the rounding worse. Better: choose data that stays away from kinks, or
# leave out entries within `h` of one. An error of one half, at few entries, in a network with ReLUs, is a kink
# until proven otherwise.

# %% [markdown]
# ## Why the upstream gradient must be random
#
# A check also needs a `dout`. Ones come to mind, since they belong to the simplest loss, the sum of all outputs. So
# do the losses of introductory examples, such as the sum of the squares of all outputs, whose gradient is
# `2 * out`. Or random numbers.
#
# Let each of the three check the thirty wrong backward passes. A mistake is let through when `dx`, `dgamma` and `dbeta`
# all agree with the measurement to `1e-6`. How many of the thirty do you expect from each?

# %%
def largest_difference(a, b):
    return np.abs(a - b).max()


def let_through(upstream, point, eps, mistakes=MISTAKES):
    """The mistakes that a check with this upstream gradient doesn't see."""
    return [
        mistake
        for mistake in mistakes
        if check_layer(wrong_backward(mistake), point, upstream, eps, largest_difference) < 1e-6
    ]


point, noise = layer_at(7)
out = staged.batchnorm_forward(*point, 0.3)[0]
upstreams = {"ones": np.ones_like(out), "2 * out": 2 * out, "random": noise}
missed = {name: let_through(upstream, point, 0.3) for name, upstream in upstreams.items()}
table(upstream=list(missed), mistakes_let_through=[f"{len(each)} of {len(MISTAKES)}" for each in missed.values()])

# %% [markdown]
# Ones let most of them through. Here they are.

# %%
print("\n".join(missed["ones"]))

# %% [markdown]
# Sort them: something about `gamma`, about the variance's branch, about `dxmu1`. What do they have in common? Look
# at what a right backward pass returns for a `dout` of ones.

# %%
_, cache = staged.batchnorm_forward(*point, 0.3)
ones_dx, ones_dgamma, ones_dbeta = staged.batchnorm_backward(upstreams["ones"], cache)
print("largest entry of dx:    ", np.abs(ones_dx).max())
print("largest entry of dgamma:", np.abs(ones_dgamma).max())
print("dbeta:                  ", ones_dbeta)

# %% [markdown]
# The columns of `out` have a mean that only `beta` decides. So the sum of all outputs doesn't depend on `x` or on
# `gamma` at all, and both gradients are 0. A factor that was forgotten multiplies a 0. In the variance's branch the
# sum of `dxhat * xmu` is a constant times the sum of `xmu`, and that is 0 too. What is left to check is `dbeta`, and
# whether the path through the mean cancels.

# %% [markdown]
# ### The sum of squares
#
# `2 * out` let nothing through. But `eps` was 0.3. In each column the mean of the squares of `out` is
# $\gamma^2 \cdot \mathit{var} / (\mathit{var} + \varepsilon) + \beta^2$: if `eps` is small, `x` has hardly any influence
# on it. What happens to `dx` then, and to the check?

# %%
few = [0.3, 1e-3, 1e-5, 1e-8, 1e-10]
rows = []
for small in few:
    out = staged.batchnorm_forward(*point, small)[0]
    dx = staged.batchnorm_backward(2 * out, staged.batchnorm_forward(*point, small)[1])[0]
    rows.append(
        (
            np.abs(dx).max(),
            check_layer(staged.batchnorm_backward, point, 2 * out, small),
            ", ".join(let_through(2 * out, point, small)) or "none",
            check_layer(staged.batchnorm_backward, point, noise, small),
            ", ".join(let_through(noise, point, small)) or "none",
        )
    )
size, error_squares, through_squares, error_random, through_random = zip(*rows, strict=True)
table(
    eps=few,
    largest_dx_with_squares=size,
    right_pass_off_with_squares=error_squares,
    right_pass_off_with_random_numbers=error_random,
)

# %% [markdown]
# And these are the mistakes that each of the two lets through.

# %%
table(eps=few, let_through_by_squares=through_squares, let_through_by_random_numbers=through_random)

# %% [markdown]
# `dx` shrinks in proportion to `eps`. At `1e-5`, the usual value, the error of a right pass is already thousands of times
# larger than with a random upstream gradient; further down a right pass fails the check, and mistakes begin to get
# through that have to do with `gamma`. Random numbers don't mind. What they let through is the forgotten `eps`, and
# where `eps` is next to nothing, forgetting it changes next to nothing. They are lined up with nothing: not with a
# constant, not with `xhat`, not with the columns.
#
# ### 4.4 An upstream gradient to trust
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `good_upstream(shape, seed)`: an array of that shape that hides no mistake. The same seed has to give the same
# array, so that a failed check can be repeated, and another seed another one.
#
# What could go unseen if every row of it were the same? Every column? (4.3 comes later, with the bug hunt.)

# %% answer="4.4"
def good_upstream(shape, seed):
    """An upstream gradient that a check can trust; the same for the same seed."""
    dout = None
    ###########################################################################
    # TODO 4.4: Store an array of the given shape in dout.                    #
    # No two of its entries should be equal, none of its sums be 0 for a      #
    # reason, and its entries should be of the size of 1.                     #
    ###########################################################################
    ### BEGIN SOLUTION
    dout = np.random.default_rng(seed).normal(size=shape)
    ### END SOLUTION
    return dout

# %% [markdown]
# Many answers are right here. The check doesn't compare yours with one; it looks for the properties that matter, and
# names the first that is missing.

# %% check="4.4"
check("4.4")

# %% [markdown]
# ## Where a relative error says little
#
# ### Two rows
#
# With N = 2 a column of `xhat` is nearly $(+1, -1)$ or $(-1, +1)$, whatever `x` was. What is left for `dx` to say? The table
# has a random upstream gradient and right backward passes. Its first columns are the largest entry of `dx` for three
# values of `eps`, the last ones belong to `eps = 1e-5`.

# %%
counts = [2, 3, 4, 8, 32]
rows = []
for n in counts:
    batch, upstream = layer_at(n, rows=n)
    caches = [staged.batchnorm_forward(*batch, small)[1] for small in (1e-3, 1e-5, 1e-7)]
    rows.append(
        (
            *(np.abs(staged.batchnorm_backward(upstream, cache)[0]).max() for cache in caches),
            np.abs(upstream * caches[1][1] * caches[1][3]).max(),
            check_layer(staged.batchnorm_backward, batch, upstream, 1e-5),
            check_layer(staged.batchnorm_backward, batch, upstream, 1e-5, kind=np.float32),
        )
    )
names = ["eps_=_1e-3", "eps_=_1e-5", "eps_=_1e-7", "largest_term", "relative_error", "in_float32"]
table(N=counts, **dict(zip(names, zip(*rows, strict=True), strict=True)))

# %% [markdown]
# With two rows, and only then, `dx` follows `eps` down. It is the sum of terms, `dout * gamma * ivar` the largest, that
# cancel, and what is left is of the order of `eps`. The relative error is that of the left-over: even in float64 it is far
# above `1e-7` for a right pass, and in float32 it is that of a bug. A check of this layer wants at least three rows.
# Where you have to judge a small `dx`, compare the difference with the size of the terms and not with `dx`.

# %% [markdown]
# ### A gradient that is exactly 0
#
# A linear layer in front of batch normalization often has a bias: `x @ W + b`. What is the gradient of `b`? The mean takes
# off whatever is the same in every row.

# %%
inputs, W, b = rng.normal(size=(6, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
upstream = rng.normal(size=(6, 3))


def linear_then_norm(bias):
    return staged.batchnorm_forward(inputs @ W + bias, gamma, beta, eps)


out, cache = linear_then_norm(b)
before, _, _ = staged.batchnorm_backward(upstream, cache)
db = before.sum(axis=0)
measured_db = measure(lambda moved: linear_then_norm(moved)[0], b, upstream)
table(
    column=range(3),
    db_computed=db,
    db_measured=measured_db,
    difference_over_size=np.abs(db - measured_db) / (np.abs(db) + np.abs(measured_db)),
)

# %% [markdown]
# The true gradient is 0, so both columns are rounding, and their quotient is near 1 for a program that is right. Here, and
# only for such a reason, an absolute tolerance is the one that makes sense. Its size doesn't come from habit: the
# sum was taken over terms of size `np.abs(before).sum(axis=0)`, and the measurement is good to about $u\,|L| / h$.

# %%
allowed = np.finfo(np.float64).eps * np.abs(upstream * out).sum() / 1e-5
table(column=range(3), difference=np.abs(db - measured_db), allowed_by_rounding=[allowed] * 3)

# %% [markdown]
# That is also why one leaves the bias out in front of this layer. `beta` does its work.

# %% [markdown]
# ## The bug hunt
#
# A check says that `dx` is wrong. It doesn't say where. But the computational graph has a true value for every
# gradient on the way, and a backward pass that keeps what it computes can be held against it, name by name.
#
# Here is a batch, its graph, and the graph's record in the order in which a backward pass makes its gradients, from
# `dbeta` to `dx`.

# %%
from bnlib import draw, trace
from bnlib.suspects import ORDER, suspect

hunted, arriving = layer_at(2, rows=5, columns=4)
# The last two features vary little compared with eps.
hunted = (hunted[0] * np.array([3.0, 2.0, 0.05, 0.02]), *hunted[1:])
graph = trace(staged.batchnorm_forward, *hunted, eps=1e-3)
grads = graph.backward(arriving)
_, cache = staged.batchnorm_forward(*hunted, 1e-3)

truth = {f"d{name}": grads[name] for name in graph.nodes}
truth |= {one.name: one.value for name in ("xmu", "x") for one in grads.contributions(name)}
draw(graph, grads, dims={"N": 5, "D": 4})

# %% [markdown]
# `suspect(1, dout, cache)` runs a backward pass with one wrong step and returns every gradient that it made, by name.
# `side_by_side` lays it beside the truth: shape, norm, largest relative difference, and a small picture in which a
# square is as large as its entry, filled for plus and hollow for minus.
#
# Look for the first row where the two part. Everything further down was computed from it. Which step of the nine is
# wrong here, and what went wrong in it?

# %%
from bnlib.sidebyside import side_by_side

side_by_side(suspect(1, arriving, cache), truth, ORDER)

# %% [markdown]
# <details><summary>The first suspect</summary>
#
# Down to <code>dx1</code> everything agrees. <code>dmu</code> has the right size and the opposite sign: step 2
# subtracts, and the minus was lost. <code>dx2</code> and <code>dx</code> inherit it.
#
# </details>

# %% [markdown]
# The second suspect is quieter. The pictures hardly help. What do the norms say?

# %%
side_by_side(suspect(2, arriving, cache), truth, ORDER)

# %% [markdown]
# <details><summary>The second suspect</summary>
#
# <code>dsq</code> is the first. Divide the two norms: the suspect's is 5/4 of the true one. With five rows that is
# N / (N - 1), so step 4 divides by N - 1 on the way back, where the forward pass had N. Did you notice that
# <code>dmu</code> is right again? What <code>dxmu2</code> brings to it sums to 0, wrong factor or not.
#
# </details>

# %% [markdown]
# The third is wrong from a row on as well. But is it wrong everywhere?

# %%
side_by_side(suspect(3, arriving, cache), truth, ORDER)

# %% [markdown]
# Put the name of the row that you found into the next cell. It divides the suspect's gradient by the true one, column
# by column. What do the columns have to do with the variances printed below them?

# %%
name = "dbeta"
print("suspect / truth:", suspect(3, arriving, cache)[name] / truth[name])
print("variances:     ", *(f"{var:.3g}" for var in graph["var"].value), "and eps is 0.001")

# %% [markdown]
# <details><summary>The third suspect</summary>
#
# <code>dvar</code> is the first. In the last two columns, where the variance is smaller than <code>eps</code>, it is
# too large by more than a half. Step 5 has forgotten <code>eps</code> under the root. In the first two columns, which vary much, that
# makes a difference of less than a thousandth.
#
# </details>

# %% [markdown]
# ### 4.3 Find the step that is wrong
#
# Difficulty ●●●○○ · about 6 minutes
#
# Write `find_the_bug(suspect, truth, order)`. `suspect` and `truth` are dictionaries from names to gradients, `order` lists
# the names in the order in which a backward pass makes them. Give back the first name whose gradient is wrong by
# more than rounding, or `None` if there is no such name.
#
# Why is a comparison with `==` too strict, and one with `1e-7` as an absolute limit too lax or too strict, depending on
# the gradient?

# %% answer="4.3"
def find_the_bug(suspect, truth, order):
    """The first name in order whose gradient is wrong by more than rounding, or None."""
    name = None
    ###########################################################################
    # TODO 4.3: Compare the gradients of the same name, in the given order.   #
    # Store the first name that is wrong in name; leave None if none is.      #
    # You may use your relative_error from 4.2. A NaN is wrong as well.       #
    ###########################################################################
    ### BEGIN SOLUTION
    for candidate in order:
        if not relative_error(suspect[candidate], truth[candidate]) < 1e-6:
            name = candidate
            break
    ### END SOLUTION
    return name

# %% [markdown]
# Among the cases are gradients that are small throughout, one that isn't a number, and a suspect who is innocent.

# %% check="4.3"
check("4.3")

# %% [markdown]
# Now send your function after the three suspects. It waits until the check has passed.

# %%
if judge("4.3", globals()).passed:
    for number in (1, 2, 3):
        print(f"suspect {number}:", find_the_bug(suspect(number, arriving, cache), truth, ORDER))
else:
    print("This cell waits for 4.3. Come back and run it when the check has passed.")

# %% [markdown]
# ## What no gradient check can see
#
# A check compares your backward pass with your forward pass. Here is a layer with `eps` outside the root, forward and
# backward. It isn't batch normalization. Does it pass?

# %%
def odd_forward(x):
    xmu = x - np.mean(x, axis=0)
    return xmu / (np.sqrt(np.mean(xmu**2, axis=0)) + 0.3)


def odd_backward(dout, x):
    xmu = x - np.mean(x, axis=0)
    std = np.sqrt(np.mean(xmu**2, axis=0))
    s = std + 0.3
    dstd = -np.sum(dout * xmu, axis=0) / s**2
    dxmu = dout / s + dstd * xmu / (len(x) * std)
    return dxmu - np.mean(dxmu, axis=0)


data, upstream = layer_at(3)
data = data[0]
layer, _ = staged.batchnorm_forward(data, np.ones(4), np.zeros(4), 0.3)
print("gradient check:", apart(odd_backward(upstream, data), measure(odd_forward, data, upstream)))
print("its output against batch normalization's:", apart(odd_forward(data), layer))

# %% [markdown]
# The gradient is right, for another function. Only a comparison of the outputs with something that you trust shows
# it. A gradient check is a statement about two of your functions, not about the paper that you meant to implement.

# %% [markdown]
# ## What you can do now
#
# You can test any backward pass: float64, both sides, a step near the cube root of the rounding unit, a random
# upstream gradient, at least three rows, a relative error below about `1e-7`, and an absolute one only where the true
# gradient is 0. And when the test fails, you can find the step.
#
# Three questions to see whether it has settled.
#
# <details><summary>1. Somebody checks a layer with h = 1e-12 "to be as exact as possible" and finds a relative error
# of 1e-3. Is the backward pass wrong?</summary>
#
# It can't be told. At that step rounding alone makes an error of about u / h, which is 1e-4 times the loss. Repeat with
# h = 1e-5. If the error falls with it, it was rounding; if it stays, it is a bug.
#
# </details>
#
# <details><summary>2. A check with a random upstream gradient passes, but gamma was all ones. Which mistakes may have
# hidden?</summary>
#
# Those with a missing or an extra <code>gamma</code>: 1 as a factor leaves no trace. The same idea as with the upstream
# gradient: nothing in a check should have a special value.
#
# </details>
#
# <details><summary>3. Why does nobody train with numeric gradients?</summary>
#
# They need two forward passes for each number. A layer with a million parameters would run two million forward passes for one
# step, where the backward pass costs about as much as two or three.
#
# </details>

# %% [markdown]
# Next: [5 · The closed form](05_closed_form.ipynb), where ten steps become one line, and this check is what tells you that the
# line is right.
