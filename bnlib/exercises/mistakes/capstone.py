"""What goes wrong in notebook 11: the layers of notebooks 03, 05, 07 and 09 once more, without help."""

from __future__ import annotations

from ... import norms
from .closed_form_back import CLOSED, batch_norm_back
from .collect import Mistakes
from .layer_norm import LAYER_NORM, layer_norm
from .layer_norm_back import LAYER_NORM_BACK, layer_norm_back
from .layers import add, without_cache
from .modes_table import LAYER
from .parameters_back import PARAMETERS
from .running_table import DEFAULTS, RUNNING
from .staged_back import STAGED
from .two_modes import two_modes

mistake = Mistakes()

add(mistake, "11.1", LAYER, two_modes)
add(mistake, "11.1", RUNNING, two_modes)
add(mistake, "11.1", DEFAULTS, two_modes)

add(mistake, "11.2", STAGED, batch_norm_back)
add(mistake, "11.2", PARAMETERS, batch_norm_back)

add(mistake, "11.3", CLOSED, batch_norm_back)
add(mistake, "11.3", PARAMETERS, batch_norm_back)

add(mistake, "11.4", LAYER_NORM, layer_norm)
mistake.add(
    "11.4",
    "hard-coded",
    "Your `eps` is 1e-5 whatever the caller says. Under which key of `ln_param` does another one come?",
    lambda x, gamma, beta, ln_param: layer_norm(x, gamma, beta, {}),
)
mistake.add(
    "11.4",
    "default-differs",
    "Where `ln_param` names no `eps`, yours is another than 1e-5. Which default does cs231n's layer have?",
    lambda x, gamma, beta, ln_param: layer_norm(x, gamma, beta, {"eps": 1e-8, **ln_param}),
)
add(mistake, "11.5", LAYER_NORM_BACK, layer_norm_back, layernorm_forward=layer_norm)

for exercise, forward, backward in (
    ("11.2", norms.batchnorm_forward, norms.batchnorm_backward),
    ("11.3", norms.batchnorm_forward, norms.batchnorm_backward_alt),
    ("11.5", norms.layernorm_forward, norms.layernorm_backward),
):
    without_cache(mistake, exercise, forward, backward)
