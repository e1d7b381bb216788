"""Work that runs share: done once for one key after another, never holding two, never more than memory allows."""

import weakref

import numpy as np

from imgsim.training.shared_work import BegunPhotos, SharedWork


def test_the_last_result_of_a_name_is_given_again_and_gone_before_another_is_made():
    shared, made = SharedWork(), []

    def make(key):
        assert all(other() is None for other in made)
        result = np.zeros(key)
        made.append(weakref.ref(result))
        return result

    sizes = [len(shared.once("rows", key, lambda key=key: make(key))) for key in (2, 2, 3, 3, 2)]
    assert (sizes, len(made)) == ([2, 2, 3, 3, 2], 3)
    assert shared.once("maps", 2, lambda: "other") == "other"
    assert len(shared.once("rows", 2, lambda: make(2))) == 2


def test_what_photos_begin_as_is_kept_while_there_is_room():
    begun, made = BegunPhotos(100), []

    def ask(path, count):
        return begun.begun(path, lambda: made.append(path) or np.full(count, len(made), np.uint8))[0]

    assert [ask("a", 60), ask("b", 60), ask("a", 60), ask("c", 40), ask("b", 60), ask("c", 40)] == [1, 2, 1, 3, 4, 3]
    assert made == ["a", "b", "c", "b"]
