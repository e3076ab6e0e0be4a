# %% [markdown]
# # Glossary and map
#
# Where does the course treat what you are looking for? This page has no exercises. It lists the steps, the names,
# the concepts, the mistakes, the pictures and the sources, each with the section where it comes up. A link opens the
# notebook at that section in JupyterLab, and at its beginning in Jupyter Notebook.

# %% [markdown]
# ## The steps
#
# The box holds the paper's four lines on the right and the nine steps on the left. It is made from the course's own
# layer: each row is the line of code that was traced.

# %%
import numpy as np

from bnlib import trace
from bnlib.norms.staged import batchnorm_forward
from bnlib.plots.algorithm import algorithm

rng = np.random.default_rng(0)
graph = trace(batchnorm_forward, rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3), eps=1e-5)
algorithm(graph, dims={"N": 5, "D": 3})

# %% [markdown]
# Each step has a section for the way there and one for the way back.
#
# | Step | Makes | The way there | The way back makes | The way back |
# |:---:|---|---|---|---|
# | 0 | `x` | [A batch of real numbers](01_forward.ipynb#cell-id=a-batch-of-real-numbers) | `dx` | [Step 0 is the input](03_backward.ipynb#cell-id=step-0-is-the-input) |
# | 1 | `mu` | [Steps 1 to 4](01_forward.ipynb#cell-id=steps-1-to-4) | `dx2` | [Step 1 takes the mean](03_backward.ipynb#cell-id=step-1-takes-the-mean) |
# | 2 | `xmu` | [Steps 1 to 4](01_forward.ipynb#cell-id=steps-1-to-4) | `dx1`, `dmu` | [Step 2 centres](03_backward.ipynb#cell-id=step-2-centres) |
# | 3 | `sq` | [Steps 1 to 4](01_forward.ipynb#cell-id=steps-1-to-4) | `dxmu2` | [Step 3 squares](03_backward.ipynb#cell-id=step-3-squares) |
# | 4 | `var` | [Steps 1 to 4](01_forward.ipynb#cell-id=steps-1-to-4) | `dsq` | [Step 4 averages the squares](03_backward.ipynb#cell-id=step-4-averages-the-squares) |
# | 5 | `sqrtvar` | [Steps 5 to 7](01_forward.ipynb#cell-id=steps-5-to-7) | `dvar` | [Step 5 takes the root](03_backward.ipynb#cell-id=step-5-takes-the-root) |
# | 6 | `ivar` | [Steps 5 to 7](01_forward.ipynb#cell-id=steps-5-to-7) | `dsqrtvar` | [Step 6 inverts](03_backward.ipynb#cell-id=step-6-inverts) |
# | 7 | `xhat` | [Steps 5 to 7](01_forward.ipynb#cell-id=steps-5-to-7) | `divar`, `dxmu1` | [Step 7 joins two branches](03_backward.ipynb#cell-id=step-7-joins-two-branches) |
# | 8 | `gammax` | [Steps 8 and 9](01_forward.ipynb#cell-id=steps-8-and-9) | `dgamma`, `dxhat` | [Step 8 multiplies by gamma](03_backward.ipynb#cell-id=step-8-multiplies-by-gamma) |
# | 9 | `out` | [Steps 8 and 9](01_forward.ipynb#cell-id=steps-8-and-9) | `dbeta`, `dgammax` | [Step 9 adds beta](03_backward.ipynb#cell-id=step-9-adds-beta) |

# %% [markdown]
# ## Names
#
# `N` is the number of rows of a batch, its examples, and `D` the number of columns, its features. A name that begins
# with `d` is the gradient of the loss by what follows, and has its shape.
#
# | Name | Shape | What it is |
# |---|---|---|
# | `x`, `out` | (N, D) | what goes into the layer and what comes out |
# | `gamma`, `beta` | (D,) | the scale and the shift of each feature, which the network learns |
# | `eps` | number | what is added to the variance below the root |
# | `mu`, `var` | (D,) | mean and variance of each feature over the batch, with N below the fraction line |
# | `xmu`, `sq` | (N, D) | the centred batch and its squares |
# | `sqrtvar`, `ivar` | (D,) | the root of `var + eps`, and one divided by it |
# | `xhat`, `gammax` | (N, D) | the normalised batch, and that times `gamma` |
# | `dout` | (N, D) | the upstream gradient: what the rest of the network hands to the layer |
# | `dxmu1`, `dxmu2` | (N, D) | the two contributions to `dxmu`: by way of `xhat`, and by way of `sq` |
# | `dx1`, `dx2` | (N, D) | the two contributions to `dx`: by way of `xmu`, and by way of `mu` |
# | `cache` | tuple | what the forward pass keeps for the backward pass |
# | `running_mean`, `running_var` | (D,) | the statistics that stand in for the batch's in test mode |

# %% [markdown]
# ## Concepts
#
# | Concept | In a sentence | Where |
# |---|---|---|
# | accumulation | A node's gradient is the sum of everything that arrives. | [A node sends when everything has arrived](02_chain_rule.ipynb#cell-id=a-node-sends-when-everything-has-arrived) |
# | add, multiply | An addition passes a gradient on, a product multiplies it by the other factor. | [Add passes on](02_chain_rule.ipynb#cell-id=add-passes-on), [Multiply swaps](02_chain_rule.ipynb#cell-id=multiply-swaps) |
# | axis | A mean walks along an axis, and that axis disappears. | [Which way does the mean go?](01_forward.ipynb#cell-id=which-way-does-the-mean-go), [Which numbers share a mean](09_beyond_batch.ipynb#cell-id=which-numbers-share-a-mean) |
# | bandwidth, walks | An array that goes through memory once, in or out, is a walk. | [Count the walks](10_make_it_fast.ipynb#cell-id=count-the-walks) |
# | bias before the layer | The mean takes it off again, so its gradient is exactly 0. | [A gradient that is exactly 0](04_gradient_check.ipynb#cell-id=a-gradient-that-is-exactly-0), [Where the rest of the step goes](08_does_it_matter.ipynb#cell-id=where-the-rest-of-the-step-goes) |
# | blocks | Work that is finished for some rows while they are in the cache. | [Blocks that stay in the cache](10_make_it_fast.ipynb#cell-id=blocks-that-stay-in-the-cache) |
# | broadcast | Forward it repeats a short array, backward it sums. | [A broadcast going forward is a sum going backward](02_chain_rule.ipynb#cell-id=a-broadcast-going-forward-is-a-sum-going-backward) |
# | cache | What the forward pass keeps, because a product needs its factors again. | [Multiply swaps](02_chain_rule.ipynb#cell-id=multiply-swaps), [A cache with three names for one thing](03_backward.ipynb#cell-id=a-cache-with-three-names-for-one-thing) |
# | centred differences | A step to either side, and the difference divided by both. | [Centred differences](04_gradient_check.ipynb#cell-id=centred-differences) |
# | chain rule | What comes from above, times the local derivative. | [What a gate knows](02_chain_rule.ipynb#cell-id=what-a-gate-knows) |
# | closed form | The whole way back to `x` on one line. | [One line](05_closed_form.ipynb#cell-id=one-line) |
# | complex step | A gradient check without a subtraction, exact to rounding. | [A way without subtraction](04_gradient_check.ipynb#cell-id=a-way-without-subtraction) |
# | covariate shift, internal | What the layer was invented against, measured. | [Internal covariate shift, measured](08_does_it_matter.ipynb#cell-id=internal-covariate-shift-measured) |
# | eps | It keeps a constant feature from dividing by 0. | [What eps is for](01_forward.ipynb#cell-id=what-eps-is-for) |
# | fan-out | What is used twice gets two gradients, which are added. | [A fan-out going forward is an addition going backward](02_chain_rule.ipynb#cell-id=a-fan-out-going-forward-is-an-addition-going-backward) |
# | folding | In test mode the layer disappears into the weights before it. | [Fold it away](07_train_and_test.ipynb#cell-id=fold-it-away) |
# | gamma and beta | Parameters like all others: they learn, and nobody resets them. | [Steps 8 and 9](01_forward.ipynb#cell-id=steps-8-and-9), [gamma and beta are parameters](08_does_it_matter.ipynb#cell-id=gamma-and-beta-are-parameters) |
# | gradient check | A gradient is compared with differences that know nothing of it. | [What no gradient check can see](04_gradient_check.ipynb#cell-id=what-no-gradient-check-can-see), [Two witnesses](03_backward.ipynb#cell-id=two-witnesses) |
# | GroupNorm, InstanceNorm | Statistics over groups of channels of one image. | [Groups of channels](09_beyond_batch.ipynb#cell-id=groups-of-channels) |
# | Jacobian | The table of how fast each entry follows each other one. | [One column and its matrix](06_matrix_form.ipynb#cell-id=one-column-and-its-matrix) |
# | kink | A corner, where differences and derivatives disagree. | [A kink](04_gradient_check.ipynb#cell-id=a-kink) |
# | LayerNorm | Statistics over the features of one row. | [A row by itself](09_beyond_batch.ipynb#cell-id=a-row-by-itself) |
# | learning rate | How large a step may be, with the layer and without it. | [Learning rates, with the layer and without](08_does_it_matter.ipynb#cell-id=learning-rates-with-the-layer-and-without) |
# | lost statistics | What can be had back from images without labels, and what can't. | [The statistics are lost](07_train_and_test.ipynb#cell-id=the-statistics-are-lost), [gamma and beta are lost too](07_train_and_test.ipynb#cell-id=gamma-and-beta-are-lost-too) |
# | mean, sum | Forward it adds up rows, backward it hands each row its part. | [A sum going forward is a broadcast going backward](02_chain_rule.ipynb#cell-id=a-sum-going-forward-is-a-broadcast-going-backward) |
# | momentum | The weight of the old running statistics, or of the new ones. | [A running mean](07_train_and_test.ipynb#cell-id=a-running-mean) |
# | N or N - 1 | Two divisors that answer two questions. | [N or N - 1?](01_forward.ipynb#cell-id=n-or-n-1), [Which variance to keep](07_train_and_test.ipynb#cell-id=which-variance-to-keep) |
# | noise of a batch | What comes out for one image depends on the others. | [The company a digit keeps](08_does_it_matter.ipynb#cell-id=the-company-a-digit-keeps) |
# | projector | For small `eps` the gradient loses two directions. | [Two directions are lost](06_matrix_form.ipynb#cell-id=two-directions-are-lost), [Three rows in three dimensions](06_matrix_form.ipynb#cell-id=three-rows-in-three-dimensions) |
# | PyTorch's layer | The same numbers, with another momentum, another start and N - 1. | [Beside PyTorch](07_train_and_test.ipynb#cell-id=beside-pytorch), [What the start costs](07_train_and_test.ipynb#cell-id=what-the-start-costs) |
# | relative error | A difference, measured against the size of what is compared. | [How far apart are two gradients](04_gradient_check.ipynb#cell-id=how-far-apart-are-two-gradients) |
# | RMSNorm | The scale is taken off, and the mean stays. | [Without the mean](09_beyond_batch.ipynb#cell-id=without-the-mean) |
# | roofline | What memory and arithmetic allow, in one picture. | [The roofline](10_make_it_fast.ipynb#cell-id=the-roofline) |
# | running statistics | What a layer keeps for the day when there is no batch. | [A running mean](07_train_and_test.ipynb#cell-id=a-running-mean) |
# | short formula for the variance | The mean of the squares less the square of the mean. | [The same layer, drawn differently](05_closed_form.ipynb#cell-id=the-same-layer-drawn-differently) |
# | smoothness | How far the gradient's promise holds. | [A smoother way down](08_does_it_matter.ipynb#cell-id=a-smoother-way-down) |
# | spatial batch normalization | Images, with channels as the features. | [Channels are features](09_beyond_batch.ipynb#cell-id=channels-are-features) |
# | temporaries | New arrays, which cost time as well as room. | [What a new array costs](10_make_it_fast.ipynb#cell-id=what-a-new-array-costs), [No temporaries](10_make_it_fast.ipynb#cell-id=no-temporaries) |
# | threads | Each takes some of the rows, and their sums are added. | [Blocks on threads](10_make_it_fast.ipynb#cell-id=blocks-on-threads) |
# | topological order | No node before all that it uses, or backward all that use it. | [A node sends when everything has arrived](02_chain_rule.ipynb#cell-id=a-node-sends-when-everything-has-arrived) |
# | train mode, test mode | Two forward passes with two different ways back. | [Two modes](07_train_and_test.ipynb#cell-id=two-modes), [Two ways back](07_train_and_test.ipynb#cell-id=two-ways-back) |
# | truncation and rounding | The two errors that make the U of a gradient check. | [The U](04_gradient_check.ipynb#cell-id=the-u) |
# | upstream gradient | A gradient check can trust it when it is random. | [Why the upstream gradient must be random](04_gradient_check.ipynb#cell-id=why-the-upstream-gradient-must-be-random) |
# | vec, Kronecker, Hadamard | Arrays as vectors, and the two products that go with it. | [Kronecker and Hadamard](06_matrix_form.ipynb#cell-id=kronecker-and-hadamard) |
# | what the layer can't see | Directions that are lost backward are changes that go unseen forward. | [What a layer can't see](09_beyond_batch.ipynb#cell-id=what-a-layer-can-t-see) |

# %% [markdown]
# ## Mistakes
#
# Nineteen kinds of mistake that this layer invites. A check recognises many of them; the last is no mistake at all.
#
# | | What went wrong | Where |
# |:---:|---|---|
# | 1 | `dbeta` or `dgamma` is a mean, is summed along the wrong axis, or is not summed. | [Why not the mean?](02_chain_rule.ipynb#cell-id=why-not-the-mean), [Why a sum](03_backward.ipynb#cell-id=why-a-sum) |
# | 2 | A mean or a sum has no axis, and all features share one statistic. | [How an exercise works](00_start_here.ipynb#cell-id=how-an-exercise-works), [Which way does the mean go?](01_forward.ipynb#cell-id=which-way-does-the-mean-go) |
# | 3 | `eps` stands outside the root, or is forgotten in one direction. | [Steps 5 to 7](01_forward.ipynb#cell-id=steps-5-to-7), [Two that hardly show](08_does_it_matter.ipynb#cell-id=two-that-hardly-show) |
# | 4 | The standard deviation is subtracted, or the variance divides in its place. | [A repair](07_train_and_test.ipynb#cell-id=a-repair) |
# | 5 | N - 1 where N belongs, or each of them in one direction. | [N or N - 1?](01_forward.ipynb#cell-id=n-or-n-1), [The bug hunt](04_gradient_check.ipynb#cell-id=the-bug-hunt), [N or N - 1](06_matrix_form.ipynb#cell-id=n-or-n-1) |
# | 6 | The statistics are taken for constants. | [Eight ways to be wrong](08_does_it_matter.ipynb#cell-id=eight-ways-to-be-wrong), [Two ways back](07_train_and_test.ipynb#cell-id=two-ways-back) |
# | 7 | The path through the mean or through the variance is missing. | [Something every dx has](03_backward.ipynb#cell-id=something-every-dx-has), [Two directions are lost](06_matrix_form.ipynb#cell-id=two-directions-are-lost) |
# | 8 | At a fan-out one part overwrites the other, or is lost. | [A fan-out going forward is an addition going backward](02_chain_rule.ipynb#cell-id=a-fan-out-going-forward-is-an-addition-going-backward), [Step 2 centres](03_backward.ipynb#cell-id=step-2-centres) |
# | 9 | A sign, a power or a factor is lost: at the inversion, the root, the square, the mean, the difference. | [Step 6 inverts](03_backward.ipynb#cell-id=step-6-inverts), [Step 5 takes the root](03_backward.ipynb#cell-id=step-5-takes-the-root), [Step 3 squares](03_backward.ipynb#cell-id=step-3-squares), [Step 4 averages the squares](03_backward.ipynb#cell-id=step-4-averages-the-squares), [Step 2 centres](03_backward.ipynb#cell-id=step-2-centres) |
# | 10 | `gamma` is missing from `dx`, is in it twice, or is in `dgamma`. | [Step 8 multiplies by gamma](03_backward.ipynb#cell-id=step-8-multiplies-by-gamma), [The gradient of gamma](06_matrix_form.ipynb#cell-id=the-gradient-of-gamma), [Why the upstream gradient must be random](04_gradient_check.ipynb#cell-id=why-the-upstream-gradient-must-be-random) |
# | 11 | LayerNorm's `gamma` is pulled out of the sums; the statistics go along the wrong axis, and N = D hides it. | [Where gamma stands](09_beyond_batch.ipynb#cell-id=where-gamma-stands), [Lying on its side](06_matrix_form.ipynb#cell-id=lying-on-its-side) |
# | 12 | A shape broadcasts by luck: (1, D), (N, 1), a list. | [A bracket that is a list](05_closed_form.ipynb#cell-id=a-bracket-that-is-a-list), [A row by itself](09_beyond_batch.ipynb#cell-id=a-row-by-itself) |
# | 13 | The caller's array is changed, often because two names mean one array. | [Why a sum](03_backward.ipynb#cell-id=why-a-sum), [Step 2 centres](03_backward.ipynb#cell-id=step-2-centres), [One step downhill](08_does_it_matter.ipynb#cell-id=one-step-downhill) |
# | 14 | Running statistics: the momentum turned round, another quantity stored, never written back, or updated in test mode. | [A running mean](07_train_and_test.ipynb#cell-id=a-running-mean), [Which variance to keep](07_train_and_test.ipynb#cell-id=which-variance-to-keep) |
# | 15 | The batch's statistics in test mode, or the way back of the other mode. | [Two modes](07_train_and_test.ipynb#cell-id=two-modes), [Two ways back](07_train_and_test.ipynb#cell-id=two-ways-back) |
# | 16 | `nan` or infinity comes back, float32 is lost on the way, whole numbers are cut off. | [What eps is for](01_forward.ipynb#cell-id=what-eps-is-for), [float32](04_gradient_check.ipynb#cell-id=float32), [Whole numbers](04_gradient_check.ipynb#cell-id=whole-numbers) |
# | 17 | Images: reshaped before the channel axis was moved, or statistics for each pixel. | [Channels are features](09_beyond_batch.ipynb#cell-id=channels-are-features) |
# | 18 | Right for one shape, one type or one value only: `gamma` = 1, N = 2. | [Where a relative error says little](04_gradient_check.ipynb#cell-id=where-a-relative-error-says-little), [Two rows, float32, by eye](05_closed_form.ipynb#cell-id=two-rows-float32-by-eye) |
# | 19 | Nothing comes back yet. That is "not started", and no mistake. | [How an exercise works](00_start_here.ipynb#cell-id=how-an-exercise-works) |

# %% [markdown]
# ## Pictures
#
# The notebooks draw them where they are needed. The files lie in the folder `figures`, for a talk or a page of your own.
#
# | Picture | Where | File |
# |---|---|---|
# | the algorithm as a box, with the steps beside it | [The steps](#The-steps), [The whole layer](01_forward.ipynb#cell-id=the-whole-layer) | `algorithm.svg` |
# | the whole circuit, forward and backward | [What you will have built](00_start_here.ipynb#cell-id=what-you-will-have-built), [A batch small enough to follow](03_backward.ipynb#cell-id=a-batch-small-enough-to-follow) | `circuit.svg` |
# | the gradient on its way | [What you will have built](00_start_here.ipynb#cell-id=what-you-will-have-built), [The gradient flows through your code](03_backward.ipynb#cell-id=the-gradient-flows-through-your-code) | `flow.html` |
# | the chain rule at one gate | [What a gate knows](02_chain_rule.ipynb#cell-id=what-a-gate-knows), [Multiply swaps](02_chain_rule.ipynb#cell-id=multiply-swaps) | `gate.svg` |
# | each step back | the rows of [The steps](#The-steps) | `step_9.svg` to `step_0.svg` |
# | the layer folded into one node | [The graph, folded up](05_closed_form.ipynb#cell-id=the-graph-folded-up) | `closed_form.svg` |
# | the projection, for three rows | [Three rows in three dimensions](06_matrix_form.ipynb#cell-id=three-rows-in-three-dimensions) | `projection.svg` |
# | the axes of each layer of the family | [Which numbers share a mean](09_beyond_batch.ipynb#cell-id=which-numbers-share-a-mean) | `axes.svg` |
# | the roofline | [The roofline](10_make_it_fast.ipynb#cell-id=the-roofline) | `roofline.svg` |

# %% [markdown]
# ## Sources
#
# Five texts on this gradient were there before the course. Each brings something, and each has something that needs
# a second look.
#
# | Source | What the course makes of it |
# |---|---|
# | F. Kratzert, [Understanding the backward pass through Batch Normalization Layer](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html), 2016 | The steps and their names: [The box](01_forward.ipynb#cell-id=the-box), [Step 9 adds beta](03_backward.ipynb#cell-id=step-9-adds-beta). Its `gamma = sqrt(var)`: [Can the layer be undone?](01_forward.ipynb#cell-id=can-the-layer-be-undone) Its reason for the sum: [Why a sum](03_backward.ipynb#cell-id=why-a-sum). Its cache: [A cache with three names for one thing](03_backward.ipynb#cell-id=a-cache-with-three-names-for-one-thing). One-sided differences: [A step to one side](04_gradient_check.ipynb#cell-id=a-step-to-one-side). The comments' running statistics: [Which variance to keep](07_train_and_test.ipynb#cell-id=which-variance-to-keep), [Running statistics in the batch's place](08_does_it_matter.ipynb#cell-id=running-statistics-in-the-batch-s-place) |
# | A copy of that post, with words replaced by a machine | It adds nothing but errors. That copies lose their indentation is said at the end of [The forward pass](01_forward.ipynb#cell-id=what-you-can-do-now) |
# | Cross Validated, [Matrix form of backpropagation with batch normalization](https://stats.stackexchange.com/questions/328242/matrix-form-of-backpropagation-with-batch-normalization), 2018 | The question: [The network that was left open](06_matrix_form.ipynb#cell-id=the-network-that-was-left-open), [One mistake after the other](06_matrix_form.ipynb#cell-id=one-mistake-after-the-other). Its first answer: [The gradient of gamma](06_matrix_form.ipynb#cell-id=the-gradient-of-gamma). The assignment in its second: [A repair](07_train_and_test.ipynb#cell-id=a-repair) |
# | rocking5566, [Batchnorm backward](https://gist.github.com/rocking5566/57baa55f38c2c07346bdc7660fcfd19a), 2023 | Four forms: [Four forms that are one](05_closed_form.ipynb#cell-id=four-forms-that-are-one). The list: [A bracket that is a list](05_closed_form.ipynb#cell-id=a-bracket-that-is-a-list). Its test: [Two rows, float32, by eye](05_closed_form.ipynb#cell-id=two-rows-float32-by-eye) |
# | DeepLearning.AI community, [Batch normalization gradient computation question](https://community.deeplearning.ai/t/batch-normalization-gradient-computation-question/178397), 2022 | Its formulas: [Lying on its side](06_matrix_form.ipynb#cell-id=lying-on-its-side). Its question, by experiment: [Does it matter?](08_does_it_matter.ipynb#cell-id=eight-ways-to-be-wrong) |
# | S. Ioffe and C. Szegedy, [Batch Normalization](https://arxiv.org/abs/1502.03167), 2015 | The layer: [The box](01_forward.ipynb#cell-id=the-box). Its reason: [Internal covariate shift, measured](08_does_it_matter.ipynb#cell-id=internal-covariate-shift-measured) |
# | Stanford's [CS231n](https://cs231n.github.io), assignment 2 | The interface: [The rules](11_capstone.ipynb#cell-id=the-rules), [Take it with you](11_capstone.ipynb#cell-id=take-it-with-you) |
#
# Back to the [start](00_start_here.ipynb).
