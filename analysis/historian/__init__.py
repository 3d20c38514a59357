"""What became of every record, kept as Parquet by date: any reader of Parquet files sees each row once."""
