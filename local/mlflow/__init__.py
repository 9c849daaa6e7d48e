"""SageMaker's managed MLflow: tracking servers, and the REST API that MLflow's own clients speak with them."""
