# %% [markdown]
# # 10 · Make it fast
#
# Your backward pass does about ten small sums for each entry of `dout`. A processor does billions of those in a
# second. So why does it take as long as it does, and how short could it be?
#
# The answer is hardly about sums at all. It is about how often the arrays go through memory. In this notebook you
# count that, measure what this machine's memory can do, predict how long each form of the backward pass must take,
# and then see. Two exercises, about 45 minutes.
#
# All times are of the machine on which the cell runs. Those that you see before you run it were taken on another.
# Compare rows with one another, and run a cell twice before you believe it.

# %% given=true
import os

# One thread for a matrix product, so that times can be compared; threads come later, and openly.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

# %% [markdown]
# ## Two forms to begin with
#
# The first is the walk of [notebook 03](03_backward.ipynb), step by step. The second is the closed form of
# [notebook 05](05_closed_form.ipynb). [Kratzert's
# post](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)
# calls the second a bit faster. Which of the two has more arithmetic in it? And how much is a bit?

# %%
def staged(dout, cache):
    """Step 9 to step 0, each with its arrays."""
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N = len(dout)
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -divar / sqrtvar**2
    dvar = 0.5 * dsqrtvar / np.sqrt(var + eps)
    dsq = np.ones_like(dout) * (dvar / N)
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -np.sum(dx1, axis=0)
    dx2 = np.ones_like(dout) * (dmu / N)
    dx = dx1 + dx2
    return dx, dgamma, dbeta


def closed(dout, cache):
    """One line for dx."""
    xhat, gamma, _, ivar, *_ = cache
    N = len(dout)
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dx = gamma * ivar / N * (N * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta

# %% [markdown]
# A batch that is large enough to matter: 8,192 rows of 1,024 numbers in float32, 32 MB for one array. Such a `dout`
# comes from a layer with 1,024 units, or from an image layer, where every pixel is a row.

# %%
from time import perf_counter

from bnlib import check, hint, judge, picture, play
from bnlib.norms.staged import batchnorm_forward
from bnlib.style import ACCENT, GRADIENT, INK, MUTED, figure

N, D = 8192, 1024
rng = np.random.default_rng(0)
x, dout = (rng.standard_normal((N, D), dtype=np.float32) for _ in range(2))
gamma, beta = (rng.uniform(0.5, 1.5, D).astype(np.float32) for _ in range(2))
_, cache = batchnorm_forward(x, gamma, beta, np.float32(1e-5))
MEGABYTES = dout.nbytes / 1e6


def best_of(function, *arguments, times=3):
    """The shortest of a few runs, in milliseconds: the one that was disturbed least."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        function(*arguments)
        seconds.append(perf_counter() - start)
    return 1000 * min(seconds)

# %% [markdown]
# The two times:

# %%
from bnlib.table import table

times = {"staged": best_of(staged, dout, cache), "closed": best_of(closed, dout, cache)}
table(digits=3, form=list(times), milliseconds=list(times.values()))

# %% [markdown]
# ## Count the walks
#
# Look at one line, `dxhat = dout * gamma`. NumPy walks through all of `dout`, multiplies, and writes all of
# `dxhat`. That is one array read and one written, for a single multiplication per entry. The next line reads
# `dxhat` again.
#
# Call it a walk when an array of shape (N, D) goes through memory once, in or out. Count the walks of `closed` by
# hand before you run the next cell. Don't forget what has no name.
#
# The cell counts by machine. It is an array that looks on: NumPy hands every operation to its `__array_ufunc__`
# first, and that adds up the bytes that go in and out.

# %%
class Counted(np.ndarray):
    """An array that counts the bytes and the arithmetic of every operation it takes part in."""

    bytes = flops = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(a) for a in inputs]
        where = {} if out is None else {"out": tuple(np.asarray(a) for a in out)}
        result = getattr(ufunc, method)(*plain, **where, **options)
        Counted.bytes += sum(a.nbytes for a in (*plain, result))
        Counted.flops += max(a.size for a in (*plain, result))
        return out[0] if out is not None else result.view(Counted)

    def __array_function__(self, function, types, arguments, options):
        if function in (np.copyto, np.einsum):  # np.ones_like is made of the first
            Counted.bytes += sum(a.nbytes for a in arguments if isinstance(a, np.ndarray))
        return super().__array_function__(function, types, arguments, options)


def count(backward, *more):
    """The walks of a backward pass, and its operations per entry, on a small batch."""
    Counted.bytes = Counted.flops = 0
    small = [a[:512].view(Counted) if np.ndim(a) == 2 else a for a in (dout, *cache)]
    backward(small[0], tuple(small[1:]), *more)
    return Counted.bytes / small[0].nbytes, Counted.flops / small[0].size


counted = {"staged": count(staged), "closed": count(closed)}
table(
    digits=3,
    form=list(counted),
    walks=[walks for walks, _ in counted.values()],
    operations_per_entry=[flops for _, flops in counted.values()],
    bytes_per_operation=[4 * walks / flops for walks, flops in counted.values()],
)

# %% [markdown]
# The little arrays of shape (D,) are counted too, and hardly show. Every single operation brings along about a
# dozen bytes that have to be fetched or put away.
#
# And the least that is possible? `dx` needs both sums to be complete before its first entry can be written. So a
# backward pass reads `dout` and `xhat` for the sums, reads both again for `dx`, and writes `dx`: five walks. It
# would be three if a strip of columns could stay near the processor between the two readings, since every column
# has sums of its own. Keep five in mind.

# %% [markdown]
# ## What this machine's memory can do
#
# How fast is a walk? `np.add(a, b, out=c)` has three of them and the least arithmetic there is. Time it for arrays
# of all sizes. Where do you expect steps in the curve?

# %%
def speed(entries):
    """Gigabytes a second that pass through np.add, for arrays of so many float32 numbers."""
    a, b, c = (np.ones(entries, np.float32) for _ in range(3))
    repeats = max(1, 2**21 // entries)

    def run():
        for _ in range(repeats):
            np.add(a, b, out=c)

    run()
    return 3 * a.nbytes * repeats / best_of(run, times=5) / 1e6


sizes = 2 ** np.arange(10, 25)
speeds = np.array([speed(size) for size in sizes])
BANDWIDTH = speeds[-1]

fig, ax = figure(width=7, height=3.4)
ax.plot(3 * 4 * sizes, speeds, "o-", color=INK)
ax.axhline(BANDWIDTH, color=GRADIENT, linestyle="--", linewidth=1)
ax.set(xscale="log", xlabel="bytes of the three arrays together", ylabel="gigabytes a second", ylim=(0, None))
ticks = {2**14: "16 KB", 2**17: "128 KB", 2**20: "1 MB", 2**23: "8 MB", 2**26: "64 MB"}
ax.set_xticks(list(ticks), list(ticks.values()))
ax.minorticks_off()
shown = list(zip(sizes, speeds, strict=True))[::3]
picture(
    fig,
    alt="Speed of an addition of two arrays against their size. "
    f"{', '.join(f'{12 * s / 2**20:.2g} MB: {v:.0f} GB/s' for s, v in shown)}. "
    f"The dashed line is at {BANDWIDTH:.0f} GB/s, for arrays far larger than any cache.",
)

# %% [markdown]
# At the left a call costs more than its work. In the middle the arrays fit in a cache, the small memory on the
# processor itself. At the right every entry comes from main memory, and the dashed line is all there is. Find the
# size at which your curve has its last large step: what should be fast has to fit below it.
#
# Now there is a prediction for each form: its bytes over that speed. Before you run the cell: which form will be
# closer to its prediction?

# %%
def predicted(walks):
    """Milliseconds that so many walks take at the speed of memory."""
    return walks * MEGABYTES / BANDWIDTH


table(
    digits=3,
    form=["staged", "closed", "the least"],
    walks=[counted["staged"][0], counted["closed"][0], 5.0],
    predicted_milliseconds=[predicted(w) for w in (counted["staged"][0], counted["closed"][0], 5)],
    measured=[times["staged"], times["closed"], ""],
)

# %% [markdown]
# ## What a new array costs
#
# Both may well be slower than their bytes. Something is missing from the count. Each operation also makes a new
# array for its result. Does that cost anything? The addition again, with a new array each time, and with one that
# was there before.

# %%
existing = np.empty_like(dout)
table(
    digits=3,
    result=["a new array", "one that exists, by out="],
    milliseconds=[
        best_of(lambda: np.add(dout, x), times=5),
        best_of(lambda: np.add(dout, x, out=existing), times=5),
    ],
    predicted_from_bytes=[predicted(3)] * 2,
)

# %% [markdown]
# A large array is asked of the operating system, which hands it out in pages, each of them cleared first, at the
# moment when it is first touched. When the array is dropped, the pages go back. So a new array is written twice and
# administered besides. On many machines this is the dearest item of all.
#
# How many arrays does a form make? Python can say. `tracemalloc` follows every piece of memory that NumPy asks for,
# and keeps the largest amount that was held at one time.

# %%
import tracemalloc


def peak(backward, *more):
    """The most new memory that a backward pass holds at one time, in arrays of the size of dout."""
    tracemalloc.start()
    backward(dout, cache, *more)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / dout.nbytes


peaks = {"staged": peak(staged), "closed": peak(closed)}
table(digits=3, form=list(peaks), arrays_at_the_peak=list(peaks.values()))

# %% [markdown]
# A name keeps its array alive until the function returns. That is why `staged` holds so many. `closed` gives its
# intermediate results no names, so they die young; and where NumPy can tell that nobody else holds one, it even
# writes the next result into it. It can't tell on every system.

# %% [markdown]
# ## No temporaries
#
# Here is the forward pass in two versions. They compute the same. The second says where each result goes.

# %%
def forward_plain(x, gamma, beta, mu, ivar):
    return gamma * ((x - mu) * ivar) + beta


def forward_in_place(x, gamma, beta, mu, ivar):
    out = x - mu  # the only new array
    np.multiply(out, ivar, out=out)
    out *= gamma  # short for the same
    out += beta
    return out


mu, ivar = x.mean(axis=0), cache[3]
table(
    digits=3,
    forward=["plain", "in place"],
    milliseconds=[best_of(f, x, gamma, beta, mu, ivar) for f in (forward_plain, forward_in_place)],
    an_entry_of_out=[float(f(x, gamma, beta, mu, ivar)[5, 3]) for f in (forward_plain, forward_in_place)],
)

# %% [markdown]
# One could go further and multiply `gamma` by `ivar` first. Both are small, so that costs nothing, and it saves an
# operation on the large array. Brackets decide which of the two it is.
#
# ### 10.1 Fewer arrays
#
# Difficulty ●●●○○ · about 8 minutes
#
# Write `batchnorm_backward_lean(dout, cache)`: the same `dx`, `dgamma` and `dbeta`, with new memory for at most two
# arrays of shape (N, D) at any one time. `dx` is one of them. `dout` and the cache belong to the caller and stay as
# they are.
#
# The check runs it on small batches first, for the numbers, and then on a `dout` of 64 MB, for the memory. No clock
# is involved. (Where the table above says 2 for `closed`, that would pass, as long as nobody gives its parts a
# name. One array is possible.) Think first: in what array could the products of `dout` and `xhat` be kept, that you
# need anyway?

# %% answer="10.1"
def batchnorm_backward_lean(dout, cache):
    """The backward pass with at most two new arrays of shape (N, D)."""
    xhat, gamma, _, ivar, *_ = cache
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 10.1: Find the three gradients with little memory.                 #
    # Store them in dx (N, D), dgamma (D,) and dbeta (D,). Use out= or +=,    #
    # -=, *= on arrays that you made yourself, and combine arrays of shape    #
    # (D,) with one another first.                                            #
    # Never write into dout, xhat or xmu.                                     #
    ###########################################################################
    ### BEGIN SOLUTION
    N = len(dout)
    dbeta = np.sum(dout, axis=0)
    dx = dout * xhat
    dgamma = np.sum(dx, axis=0)
    np.multiply(xhat, dgamma / -N, out=dx)
    dx += dout
    dx -= dbeta / N
    dx *= gamma * ivar
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# For a hint, run `hint("10.1")` in a cell of its own.

# %% check="10.1"
check("10.1")

# %% [markdown]
# How much will it gain? Predict it: count the walks, and remember what a new array costs. The cell takes your
# function if it passes the check, and the course's otherwise.

# %%
from bnlib.exercises import find


def yours_or_ours(identifier):
    """The learner's function where it is right, else the course's, and a word that says which."""
    name, ours = next(iter(find(identifier).references.items()))
    return (globals()[name], "yours") if judge(identifier, globals()).passed else (ours, "the course's")


lean, whose_lean = yours_or_ours("10.1")
counted["no temporaries"], peaks["no temporaries"] = count(lean), peak(lean)
times["no temporaries"] = best_of(lean, dout, cache)


def summary():
    return table(
        digits=3,
        form=list(times),
        arrays=[peaks[form] for form in times],
        walks_of_memory=[counted[form][0] for form in times],
        predicted_ms=[predicted(counted[form][0]) for form in times],
        measured_ms=list(times.values()),
        measured_over_predicted=[ms / predicted(counted[form][0]) for form, ms in times.items()],
    )


print(f"'no temporaries' is {whose_lean}.")
summary()

# %% [markdown]
# Fewer walks, and fewer arrays to be made. Which of the two gained more? The last column divides measured by predicted:
# what is above 1 are costs that the bytes don't explain.

# %% [markdown]
# ## Blocks that stay in the cache
#
# The walks are still there: `dx` is written, read, written, read again, once for each operation. Where a cache is
# smaller than the arrays, it is pushed out to memory each time.
#
# But nothing says that an operation has to be finished for all rows before the next one begins. Take 64 rows, do
# everything to them, then the next 64. After the first touch the block is in the cache, and the other operations on
# it cost next to nothing. The work is the same; the order is different.
#
# The forward pass again, in blocks. Move the slider. What do you expect at one row, and at all of them?

# %%
def forward_blocked(x, gamma, beta, mu, ivar, rows):
    out = np.empty_like(x)
    for start in range(0, len(x), rows):
        block = out[start : start + rows]  # a view: writing into it writes into out
        np.subtract(x[start : start + rows], mu, out=block)
        block *= ivar
        block *= gamma
        block += beta
    return out


ROWS = [1, 4, 16, 64, 256, 1024, 8192]
by_rows = [best_of(forward_blocked, x, gamma, beta, mu, ivar, rows) for rows in ROWS]


def block_size(rows):
    fig, ax = figure(width=7, height=3.2)
    ax.plot(ROWS, by_rows, "o-", color=MUTED)
    ax.plot([rows], [by_rows[ROWS.index(rows)]], "o", color=GRADIENT, markersize=10)
    ax.axhline(predicted(2), color=ACCENT, linestyle="--", linewidth=1)
    ax.set(xscale="log", xlabel="rows in a block", ylabel="milliseconds", ylim=(0, None))
    ax.set_xticks(ROWS, ROWS)
    ax.minorticks_off()
    size, ms = rows * D * 4 / 1024, by_rows[ROWS.index(rows)]
    ax.set_title(f"blocks of {rows} x {D} numbers, {size:g} KB: {ms:.1f} ms", loc="left", y=1.0)
    return picture(
        fig,
        alt=f"Time of the blocked forward pass against the rows in a block. With {rows} it takes "
        f"{ms:.1f} ms; two walks at the speed of memory would take {predicted(2):.1f}.",
    )


play(block_size, rows=ROWS, labels={"rows": "rows in a block"})

# %% [markdown]
# The dashed line is what two walks take at the speed of memory, `x` in and `out` out. With very small blocks the
# calls cost more than the work; with very large ones the block falls out of the cache before the next operation
# comes.
#
# ### 10.2 Block by block
#
# Difficulty ●●●●○ · about 10 minutes
#
# Write `batchnorm_backward_blocked(dout, cache, rows)`, which goes through the rows in blocks of `rows`. New memory
# for at most 1.2 arrays of shape (N, D) is allowed: `dx` and a few blocks. The last block may be shorter than the
# others.
#
# Think first: why is one pass over the blocks not enough?

# %% answer="10.2"
def batchnorm_backward_blocked(dout, cache, rows):
    """The backward pass in blocks of so many rows."""
    xhat, gamma, _, ivar, *_ = cache
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 10.2: Find the three gradients block by block.                     #
    # Store them in dx (N, D), dgamma (D,) and dbeta (D,). Make dx once, with #
    # np.empty_like, and fill its blocks.                                     #
    # N is the number of all rows, not of those in a block.                   #
    ###########################################################################
    ### BEGIN SOLUTION
    N = len(dout)
    dx, dgamma, dbeta = np.empty_like(dout), np.zeros_like(gamma), np.zeros_like(gamma)
    blocks = [slice(start, start + rows) for start in range(0, N, rows)]
    for block in blocks:
        dbeta += np.sum(dout[block], axis=0)
        dgamma += np.sum(dout[block] * xhat[block], axis=0)
    for block in blocks:
        out = dx[block]
        np.multiply(xhat[block], dgamma / -N, out=out)
        out += dout[block]
        out -= dbeta / N
        out *= gamma * ivar
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# The check uses blocks that leave a remainder, blocks of one row, and one block larger than the batch.

# %% check="10.2"
check("10.2")

# %% [markdown]
# The count of what NumPy is asked for stays as it was. What has to come from memory is the first touch of each
# block only: five walks. So the prediction for this row is that of five.

# %%
blocked, whose_blocked = yours_or_ours("10.2")


def blocked_64(dout, cache):
    return blocked(dout, cache, 64)


times["blocked"], peaks["blocked"] = best_of(blocked_64, dout, cache), peak(blocked_64)
counted["blocked"] = (5.0, 0)
print(f"'blocked' is {whose_blocked}.")
summary()

# %% [markdown]
# Did the gain come that five walks promise? It need not, and on a busy machine the time can even rise. A processor
# with a very large cache has kept much of the arrays without your help, so "no temporaries" was better off than its
# walks say. And what is left may be no longer
# the bytes: the calls on 128 blocks, the pages of `dx`, the arithmetic of a single thread. A prediction that fails
# is worth something too. It says that the cost is elsewhere.

# %% [markdown]
# ## Three walks?
#
# Five walks are needed because a block is long gone when its sums are complete. A strip of columns is another matter.
# Each column has sums of its own, so a strip that stays in the cache as a whole can be read, summed and finished: three
# walks. The lines below do that. What time do three walks promise? And is there anything in the way?

# %%
def by_strips(dout, cache, columns):
    """The backward pass for so many columns at a time, each strip from beginning to end."""
    xhat, gamma, _, ivar, *_ = cache
    N, scale = len(dout), gamma * ivar
    dx, dgamma, dbeta = np.empty_like(dout), np.empty_like(gamma), np.empty_like(gamma)
    for start in range(0, dout.shape[1], columns):
        strip = slice(start, start + columns)
        above, along = dout[:, strip], xhat[:, strip]
        work = above * along
        dgamma[strip], dbeta[strip] = work.sum(axis=0), above.sum(axis=0)
        np.multiply(along, dgamma[strip] / -N, out=work)
        work += above
        work -= dbeta[strip] / N
        np.multiply(work, scale[strip], out=dx[:, strip])
    return dx, dgamma, dbeta


STRIPS = [16, 64, 256]
table(
    digits=3,
    form=[f"strips of {columns} columns" for columns in STRIPS] + ["blocks of 64 rows"],
    walks=[3] * 3 + [5],
    predicted_ms=[predicted(3)] * 3 + [predicted(5)],
    measured_ms=[best_of(by_strips, dout, cache, columns) for columns in STRIPS] + [times["blocked"]],
)

# %% [markdown]
# A strip is made of short pieces that lie far apart: 16 numbers here, the next 16 a whole row of `dout` later. NumPy
# starts anew for each piece, and memory, which is at its best when it is read straight on, has to jump. If that costs more
# than two walks, blocks of whole rows win although they read everything twice.

# %% [markdown]
# ## Blocks on threads
#
# Blocks have nothing to do with one another, once the sums are known. So they can be done at the same time. In
# Python, threads usually wait for each other. NumPy lets go of that lock while it works on an array, so here they
# don't.
#
# The sums need care: every thread adds up its own, and what the threads found is added at the end. What gain do you
# predict from two threads? Think of what the two share.

# %%
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

THREADS = min(4, os.cpu_count() or 1)


def sums_of(dout, xhat, rows, part):
    """The two sums over one thread's part of the rows, block by block, in working space of its own."""
    work = np.empty((rows, dout.shape[1]), dout.dtype)
    dgamma, dbeta = np.zeros((2, dout.shape[1]), dout.dtype)
    for start in range(*part, rows):
        block = slice(start, min(start + rows, part[1]))
        products = work[: block.stop - block.start]
        np.multiply(dout[block], xhat[block], out=products)
        dgamma += products.sum(axis=0)
        dbeta += dout[block].sum(axis=0)
    return dgamma, dbeta


def fill(dx, dout, xhat, scale, mean, slope, rows, part):
    """dx for one thread's part of the rows."""
    for start in range(*part, rows):
        block = slice(start, min(start + rows, part[1]))
        out = dx[block]
        np.multiply(xhat[block], slope, out=out)
        np.subtract(dout[block], out, out=out)
        out -= mean
        out *= scale


def threaded(dout, cache, rows=64, threads=THREADS, dx=None):
    xhat, gamma, _, ivar, *_ = cache
    N = len(dout)
    dx = np.empty_like(dout) if dx is None else dx
    edges = np.linspace(0, N, threads + 1).astype(int)
    parts = list(pairwise(edges))
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda part: sums_of(dout, xhat, rows, part), parts))
        dgamma, dbeta = (sum(each) for each in zip(*found, strict=True))
        rest = (gamma * ivar, dbeta / N, dgamma / N, rows)
        list(pool.map(lambda part: fill(dx, dout, xhat, *rest, part), parts))
    return dx, dgamma, dbeta


name = f"{THREADS} threads"
times[name], peaks[name], counted[name] = best_of(threaded, dout, cache), peak(threaded), (5.0, 0)
summary()

# %% [markdown]
# The threads share the way to memory. If one of them can already fill it, a second brings little or nothing; nor
# does it where other programs keep the processors busy. If one alone leaves the way half empty, two can be nearly twice
# as fast, and even faster than the prediction, which was measured with one thread. For small arrays threads only cost. Try `N = 64` in the cell that makes the batch, and run
# everything below it again.

# %% [markdown]
# One new array is left, `dx`. A training loop calls the layer thousands of times with batches of one shape, so the
# caller could keep an array for `dx` and hand it in each time. You measured above what a new array costs. What will
# that gain?

# %%
kept = np.empty_like(dout)


def threaded_again(dout, cache):
    return threaded(dout, cache, dx=kept)


again = f"{THREADS} threads, dx kept"
times[again], peaks[again] = best_of(threaded_again, dout, cache), peak(threaded_again)
counted[again] = (5.0, 0)
summary()

# %% [markdown]
# Take the last two rows from one another, and hold the difference against that of the two additions above. If they are
# alike, it was the pages of `dx` that you have saved. If the gain is smaller, the threads had shared that work too.
#
# The price is a trap: `dx` of the last call is overwritten by the next. A library that offers this leaves the
# choice to its caller.

# %% [markdown]
# ## What is left
#
# The bytes are spent now. What is left are the operations on blocks in the cache, so look at one of them. Here a row is
# taken off a block of 65,536 numbers, which is always the same block, cut into rows of different length. The bytes and
# the arithmetic are the same. Is the time?
#
# The second column does the same once more, with `np.setbufsize`, which is explained below the table.

# %%
LENGTHS = [64, 256, 1024, 2048, 4096, 8192, 16384]


def row_off(length, buffer):
    """Nanoseconds a number to take one row off each row of a block in the cache."""
    block, row = np.ones((65536 // length, length), np.float32), np.ones(length, np.float32)
    out = np.empty_like(block)
    before = np.setbufsize(buffer)

    def run():
        for _ in range(50):
            np.subtract(block, row, out=out)

    taken = best_of(run)
    np.setbufsize(before)
    return taken * 1e6 / (50 * block.size)


usual = np.getbufsize()
print(f"NumPy's buffer holds {usual:,} numbers.")
table(
    digits=3,
    row_length=[f"{length:,}" for length in LENGTHS],
    ns_a_number=[row_off(length, usual) for length in LENGTHS],
    with_a_buffer_as_long_as_the_row=[row_off(length, min(length, usual)) for length in LENGTHS],
)

# %% [markdown]
# Short rows are expensive, and there are two reasons. NumPy hands out work in portions as long as its buffer, and copies
# a shorter row until it fills one: a buffer no longer than the row saves these copies. And each row costs a new start,
# however short it is. Longer and longer rows gain no more, though: a row of the block, one of the result and the one
# that is taken off should fit together in the first cache, which holds 32 KB in many machines.
#
# So take several rows as one. Two rows of 1,024 numbers lie in memory as one row of 2,048 does, and `reshape` says so
# without a copy; the rows that are taken off or multiplied are then repeated, once for all blocks.
#
# And one gift is left. When the sums are complete, which blocks are still in a large cache? Where would you begin
# the second pass?
#
# `bnlib.norms.fast` does all of this. It takes the size of its blocks from the cache of the machine, begins the second pass
# at the end, and adds up the sums of blocks in float64. It is the last form of this notebook, in three short files that
# you can read.

# %%
from bnlib.norms import fast

workspace = fast.Workspace()


def library(dout, cache):
    return fast.batchnorm_backward(dout, cache, out=kept, workspace=workspace)


peaks["bnlib"], counted["bnlib"] = peak(library), (5.0, 0)

# %% [markdown]
# So far each form had a moment of its own, and a machine has good moments and bad ones. For the last table all of them
# take turns, five rounds long, and each keeps its shortest time.

# %%
FORMS = {"staged": staged, "closed": closed, "no temporaries": lean, "blocked": blocked_64}
FORMS |= {name: threaded, again: threaded_again, "bnlib": library}
rounds = [
    {form: best_of(function, dout, cache, times=1) for form, function in FORMS.items()}
    for _ in range(5)
]
times = {form: min(one[form] for one in rounds) for form in FORMS}
summary()

# %% [markdown]
# How far is the last row from the first, and how far from what five walks take? What it gains over the row above it, if
# it gains, did not come from fewer bytes.

# %% [markdown]
# ## The roofline
#
# One picture of all this was proposed by S. Williams, A. Waterman and D. Patterson ([Roofline: an insightful visual
# performance model](https://doi.org/10.1145/1498765.1498785), 2009). To the right: how much arithmetic a program
# does for each byte that it fetches. Up: how much it gets done in a second. No program can be above the roof. Its
# sloping part is the speed of memory, its flat part that of the arithmetic unit.
#
# For the flat part, take the highest point of the curve of speeds above: additions on arrays that stay in a cache.
# And if you have PyTorch, its own layer comes along. It isn't needed for this course, and the cell does without.


# %%
def pytorch():
    """Milliseconds of PyTorch's backward pass for the same arrays; None where it isn't installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(THREADS)
    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
    out = torch.nn.functional.batch_norm(tensors[0], None, None, *tensors[1:], training=True, eps=1e-5)
    upstream = torch.from_numpy(dout)
    return best_of(lambda: torch.autograd.grad(out, tensors, upstream, retain_graph=True))


# One addition for every twelve bytes, where the arrays stay in a cache.
PEAK, torch_time = speeds.max() / 12, pytorch()
if torch_time is None:
    print("PyTorch is not installed here, so its layer is not in the picture.")
else:
    times["PyTorch"], counted["PyTorch"] = torch_time, (5.0, 0)

# %% [markdown]
# All forms do the same job, and `closed` says how many operations it takes. So let the useful arithmetic be that of
# `closed` for everyone. A form with fewer bytes then stands farther to the right, where the roof is higher. Where
# will yours stand?

# %%
from bnlib.plots.roofline import roofline

USEFUL = counted["closed"][1]  # operations for each entry
points = {form: (USEFUL / (4 * counted[form][0]), USEFUL * N * D / ms / 1e6) for form, ms in times.items()}
print(f"The roof bends at {PEAK / BANDWIDTH:.2g} operations for each byte.")
roofline(points, BANDWIDTH, PEAK, other="PyTorch")

# %% [markdown]
# What stands to the left of the bend is limited by memory. If that is all of them, you have the answer to the first
# question: it was never the arithmetic. A processor that adds twice as fast would not help such a layer. Fewer
# bytes do.
#
# PyTorch stands over the least number of bytes, five walks; how many it really makes was not counted.
#
# A form that hangs below the roof wastes something that is not in the count: new arrays, or calls on blocks that
# are too small. A form above it has more than one thread, or found part of its arrays still in the cache.

# %% [markdown]
# All of them compute the same gradient, which has to be said, because a fast wrong answer is easy to write.

# %%
few = slice(0, 512)
_, small = batchnorm_forward(x[few], gamma, beta, np.float32(1e-5))
right, _, _ = staged(dout[few].astype(np.float64), [np.asarray(part, np.float64) for part in small])
scale = np.max(np.abs(dout[few] * gamma * small[3]))
# With arrays of their own, since dx is smaller here.
FORMS |= {again: threaded, "bnlib": fast.batchnorm_backward}
errors = [np.abs(backward(dout[few], small)[0] - right) for backward in FORMS.values()]
table(digits=3, form=list(FORMS), largest_error_of_dx=[float(np.max(error) / scale) for error in errors])

# %% [markdown]
# That is the rounding of float32, and no more.

# %% [markdown]
# ## What you can do now
#
# You can look at a line of NumPy and say how many bytes it moves and how many arrays it makes. You can predict from
# a machine's memory speed how long it must take, and you know three ways to come closer to that: make no new
# arrays, work in blocks, use threads.
#
# Three questions, before you go.
#
# <details><summary>1. Somebody replaces two multiplications in dx by one, and the time stays the same.
# Why?</summary>
#
# If the multiplication was one on D numbers only, or in a block that was already in the cache, it moved no bytes to
# or from memory. The time is that of the walks, and their number has not changed.
# </details>
#
# <details><summary>2. What would half precision (16 bits) do to the time of the blocked form?</summary>
#
# Half the bytes for each walk, so at best half the time, as long as memory is what limits it. That is one reason
# why networks are trained in 16 bits; the sums are kept in 32, or rounding would spoil them.
# </details>
#
# <details><summary>3. Layer normalisation takes its means along rows. How many walks does its backward pass
# need?</summary>
#
# Three, without any trick. All that <code>dx</code> needs of a row is in the row, so a block of rows is read, finished and
# written while it is in the cache. Only <code>dgamma</code> and <code>dbeta</code> run over all rows, and they are
# not needed for <code>dx</code>.
# </details>

# %% [markdown]
# Next: [11 · Capstone](11_capstone.ipynb), with no help in it: the whole layer, from an empty cell.
