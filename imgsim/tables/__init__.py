"""What people know of photos (brand, price, place, date, any name), as their tables say it."""
