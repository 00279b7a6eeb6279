"""What a service's GitHub repository has to be, and how it is brought there.

Stages, in order, the same for every command. `remote` reads (and only reads) how the repository is;
`policy` says how it has to be; the planning modules (`settings`, `environments`, `protection`,
`vault`, `webhooks`) compare the two into a list of `Change`s without any I/O; `changes` prints that
list (a dry run) or applies it. `operations` are the single commands; `setup` is the whole way from
a design, with its six steps in `setup_steps` and what it reads before them in `setup_facts`.
`status` reports drift, `gates` says of each approval whether it really stops anybody.
"""
