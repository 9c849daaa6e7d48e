PROBES = "tests.pipelines.probes"


def test_prepared_rows_read_back_as_they_were(image):
    """A text of digits stays one, with its zeros; a number stays itself to the last bit; what is missing is missing."""
    columns = {
        "code": ["01067", "10115", None],
        "share": [0.1 + 0.2, None, 1.0],
        "rooms": [3, 4, 5],
        "word": ["NA"] * 3,
    }
    assert image.call(f"{PROBES}:kept", columns) == columns
