"""A model that says its word before what it is sent: what its archive holds."""

ECHO_MODEL = {
    "code/inference.py": """
class Refused(Exception):
    status_code = 400

def model_fn(folder):
    with open(folder + "/word") as file:
        return file.read()

def input_fn(body, content_type):
    if body == "bad":
        raise Refused("the word is bad")
    if body == "broken":
        raise ValueError("no such word")
    return body

def predict_fn(data, model):
    return f"{model} {data}"

def output_fn(prediction, accept):
    return prediction, accept
""",
    "word": "hello",
}
