"""What kind of thing a photo shows: networks that are trained to say it."""
