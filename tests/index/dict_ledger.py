"""The ledger of a store of dictionaries: what could not be read, and what imgsim drew."""

import os


class DictLedger:
    def failures(self):
        return [self._failures[path] for path in sorted(self._failures, key=os.fsencode)]

    def fail(self, failure):
        self._failures[failure.path] = failure

    def forget_failures(self, paths):
        for path in paths:
            self._failures.pop(path, None)

    def drawn(self):
        return dict(self._drawn)

    def keep_drawn(self, drawn):
        self._drawn = dict(drawn)
