"""What people know of photos: brand, price, place, date, any name; read from tables and kept in the index."""
