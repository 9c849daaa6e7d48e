import pytest
from botocore.exceptions import ClientError

from local.cloudwatch import CloudWatch


@pytest.fixture
def client(small_cloud):
    """CloudWatch alone."""
    return small_cloud(CloudWatch).client("cloudwatch")


def test_a_dashboard_is_kept_as_it_is_put(client):
    """It is listed by its prefix, put anew, and gone when it is deleted."""
    client.put_dashboard(DashboardName="one", DashboardBody='{"widgets": []}')
    client.put_dashboard(DashboardName="two", DashboardBody="{}")
    client.put_dashboard(DashboardName="two", DashboardBody='{"start": "-PT1H"}')
    assert client.get_dashboard(DashboardName="two")["DashboardBody"] == '{"start": "-PT1H"}'
    listed = client.list_dashboards(DashboardNamePrefix="o")["DashboardEntries"]
    assert [(entry["DashboardName"], entry["Size"]) for entry in listed] == [("one", 15)]
    client.delete_dashboards(DashboardNames=["one"])
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_dashboard(DashboardName="one")


def test_a_body_that_is_no_json_is_refused(client):
    """By CloudWatch's own code."""
    with pytest.raises(ClientError, match="InvalidParameterInput"):
        client.put_dashboard(DashboardName="one", DashboardBody="{")
