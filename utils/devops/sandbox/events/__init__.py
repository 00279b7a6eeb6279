"""What invokes functions without being asked: queues, table streams, schedules.

`mappings` polls the sources of event source mappings (`queues`, `streams`), `clock` runs schedules
whose time `times` computes.
"""
