"""Web Push: which endpoints may be used, the server's keys, and the encryption and POST of one push.

Must never follow a redirect, decide what an answer means (`sync.notifications` does) or log an endpoint: it is a secret
between a browser and us.
"""
