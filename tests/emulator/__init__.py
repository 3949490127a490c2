"""A provider of text messages to test against: Twilio's REST API and Kannel's sendsms.

A process of its own (`python -m tests.emulator --help`), so that it goes on when ours die.
Its ledger is the truth of what was accepted, how often and when; its faults are chosen
by the test over /emulator.
"""
