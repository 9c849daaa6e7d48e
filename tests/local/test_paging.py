import pytest

from local.errors import AwsError
from local.paging import page


def test_pages_follow_each_other_without_gap_or_overlap():
    """And the last one has no token."""
    found, token = page("abcde", size=2, token=None, code="X")
    pages = [found]
    while token:
        found, token = page("abcde", size=2, token=token, code="X")
        pages.append(found)
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_a_full_last_page_has_no_token():
    """A caller is not sent after an empty page."""
    assert page("ab", size=2, token=None, code="X") == (["a", "b"], None)


@pytest.mark.parametrize("token", ["nonsense", "ÄÖ", "Zm9vIDE=", "ZnJvbSB4"])
def test_a_token_that_no_listing_gave_is_refused(token):
    """With the code of the service."""
    with pytest.raises(AwsError) as caught:
        page("ab", size=1, token=token, code="InvalidNextToken")
    assert caught.value.code == "InvalidNextToken"
