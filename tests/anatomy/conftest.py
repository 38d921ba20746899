import pytest

from spine_tutor.anatomy.bones import Skeleton, build_skeleton
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column, build_column


@pytest.fixture(scope="session")
def average() -> Case:
    return Case()


@pytest.fixture(scope="session")
def column(average) -> Column:
    return build_column(average)


@pytest.fixture(scope="session")
def skeleton(column, average) -> Skeleton:
    return build_skeleton(column, average)
