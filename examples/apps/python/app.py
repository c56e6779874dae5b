import os
import urllib.request

url = os.environ.get("TIER_URL", "http://127.0.0.1:7070")
item = f"{url}/v1/sessions/chat:python/items/greeting"

stored = urllib.request.Request(item, data=b"hello", method="PUT", headers={"Content-Type": "text/plain"})
with urllib.request.urlopen(stored, timeout=5):
    pass

with urllib.request.urlopen(item, timeout=5) as read:
    print(f"{read.read().decode()} from {read.headers['Tier-Source']}")
