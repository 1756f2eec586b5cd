@@ID1@;
# @TYPE@: greets people, and counts them.

interface @TYPE@ @@ID2@ {
  # All who hold it share one count.

  greet @0 (name :Text) -> (text :Text);
  # A greeting for name. Errors: invalidArgument (field "name") when it is empty.

  count @1 () -> (greeted :UInt64);
  # How many were greeted.
}
