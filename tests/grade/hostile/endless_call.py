"""Never comes back, and ignores every interrupt."""

import signal

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)


def double(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
