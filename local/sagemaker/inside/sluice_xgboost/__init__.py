"""What the XGBoost container of AWS does by itself: training without a script, and serving what it trained."""
