"""What the views for sales and marketing share."""
