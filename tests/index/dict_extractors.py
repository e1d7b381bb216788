"""The extractors of a store of dictionaries, and what is made of them."""

from imgsim.index.store.extractor_store import DefaultQuery, StoredExtractor


class DictExtractors:
    def set_options(self, options):
        self._options = dict(options)

    def extractors(self):
        return list(self._extractors.values())

    def default_query(self):
        chosen = self._default and all(one.id in self._extractors for one, _ in self._default.extractors)
        first = next(iter(self._extractors.values()), None)
        return self._default if chosen else first and DefaultQuery(((first, 1.0),))

    def set_default(self, query):
        self._default = query

    def add_extractor(self, spec, dim, *, binary):
        for extractor in self.extractors():
            if extractor.spec == spec:
                return extractor
        self._generation += 1
        return self._extractors.setdefault(self._generation, StoredExtractor(self._generation, spec, dim, binary))

    def drop_extractor(self, extractor):
        self._calibrations = {name: one for name, one in self._calibrations.items() if extractor.id not in one[0]}
        self._extractors.pop(extractor.id)
        self._generation += 1
        self._statistics.pop(extractor.id, None)
        for photo in self._all:
            for rows in photo.parts.values():
                rows.pop(extractor.id, None)

    def count_features(self, extractor):
        return sum(extractor.id in rows for photo in self.photos for rows in photo.parts.values())

    def is_pinned(self, extractor):
        return extractor.id in self._statistics

    def statistics(self, extractor):
        return self._statistics.get(extractor.id)

    def pin_statistics(self, extractor, statistics):
        self._statistics[extractor.id] = statistics
        self._generation += 1

    def calibrations(self):
        return {name: calibration for name, (_, calibration) in self._calibrations.items()}

    def keep_calibration(self, distance, extractors, calibration):
        self._calibrations[distance] = {extractor.id for extractor in extractors}, calibration
        self._stale.discard(distance)

    def stale_calibrations(self):
        return self._stale & self._calibrations.keys()

    def make_calibrations_stale(self):
        self._stale = set(self._calibrations)

    def forget_calibrations(self):
        self._calibrations.clear()
