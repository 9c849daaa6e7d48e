"""Records for requests that are looked at without a cloud."""

REGION, ACCOUNT = "eu-west-1", "123456789012"
PLACE = f"{REGION}:{ACCOUNT}"


class Ledger:
    """Records in which everything exists, and nothing is encrypted but by request."""

    account, region = ACCOUNT, REGION

    def key_arn(self, key):
        return f"arn:aws:kms:{PLACE}:key/{key.rpartition('/')[2]}"

    def customers_key(self, named):
        return self.key_arn(named)

    def role_arn(self, name):
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def user_arn(self, name):
        return f"arn:aws:iam::{ACCOUNT}:user/{name}"

    def caller_arn(self, access_key_id):
        return self.user_arn(access_key_id)

    def secret_arn(self, name):
        return name if name.startswith("arn:") else f"arn:aws:secretsmanager:{PLACE}:secret:{name}-AbCdEf"

    def stack_arn(self, name):
        return name if ":stack/" in name else f"arn:aws:cloudformation:{PLACE}:stack/{name}/id"

    def object_key(self, bucket, key, version):
        return None

    def default_key(self, bucket):
        return None

    def table_key(self, table):
        return None

    def queue_key(self, queue):
        return None

    def topic_key(self, topic):
        return None

    def secret_key(self, secret):
        return None

    def parameter_key(self, parameter):
        return None

    def blob_key(self, blob):
        return self.key_arn("id")
