"""The worker: a process of its own in which a learner's code runs, and all that stands between it and a mark.

`wire` says what may cross, `inside` runs in the sandbox, `isolation` builds that, `host` starts and ends it,
`desk` keeps one in a known state, and `proxy` makes callables of what a learner defined.
"""

from .desk import Desk, Ran
from .host import Ended, Limits
from .isolation import Isolation, IsolationName, NoIsolation, choose
from .proxy import proxies

__all__ = ["Desk", "Ended", "Isolation", "IsolationName", "Limits", "NoIsolation", "Ran", "choose", "proxies"]
