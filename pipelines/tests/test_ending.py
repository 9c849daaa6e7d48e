PROBES = "tests.pipelines.probes"


def test_a_step_that_cannot_do_its_work_says_so_where_sagemaker_looks(image):
    """The sentence is the job's exit message."""
    assert image.call(f"{PROBES}:refused") == [1, "There is no row."]
