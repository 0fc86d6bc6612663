"""The unmodified `leancloud` package against a server: conversations, messages, history. Prints what it tried; status 1 if
anything was not as expected. Run by `npm run conformance:leancloud-python`, which starts the server."""

import os
import sys
import time

import leancloud
from leancloud import Conversation, LeanCloudError, Message

APP_ID, APP_KEY, MASTER_KEY = (os.environ[name] for name in ("APP_ID", "APP_KEY", "MASTER_KEY"))
failed = []


def tried(what, is_so):
    print(("ok    " if is_so else "FAILED") + " " + what)
    if not is_so:
        failed.append(what)


def code_of(action):
    try:
        action()
    except LeanCloudError as error:
        return error.code
    return None


leancloud.init(APP_ID, app_key=APP_KEY, master_key=MASTER_KEY)
leancloud.use_master_key(True)

group = Conversation("Python group", is_unique=True)
group.add_member("tom")
group.add_member("jerry")
group.set("colour", "red")
group.save()
tried("a conversation is made", bool(group.id))
again = Conversation(is_unique=True)
again.set("m", ["jerry", "tom"])
again.save()
tried("a unique one is found again", again.id == group.id)
group.fetch()
tried("its row has what was set", (group.name, sorted(group.members), group.get("colour"), group.is_unique) == ("Python group", ["jerry", "tom"], "red", True))
group.set("name", "Renamed")
group.add_member("spike")
group.save()
group.fetch()
tried("it is changed", (group.name, sorted(group.members)) == ("Renamed", ["jerry", "spike", "tom"]))
group.remove("m", "spike")
group.save()
group.fetch()
tried("a member is removed", sorted(group.members) == ["jerry", "tom"])

query = Conversation.query
query.equal_to("colour", "red")
tried("it is found by a column", [one.id for one in query.find()] == [group.id])
query = Conversation.query
query.equal_to("colour", "blue")
tried("and not by another value", query.find() == [])
query = Conversation.query
query.contains_all("m", ["tom", "jerry"])
tried("it is counted by its members", query.count() == 1)
tried("it is scanned", group.id in [one.id for one in Conversation.query.scan(batch_size=1)])

sent = []
for number in range(12):
    group.send("tom" if number % 2 else "jerry", {"_lctype": -1, "_lctext": str(number)})
    sent.append(str(number))
group.send("tom", "only now", transient=True)
group.send("tom", "pushed", push_data={"alert": "!"})
rows = Message.find_by_conversation(group.id)
tried("history is newest first", [row.data for row in rows][0] == "pushed" and len(rows) == 13)
tried("its rows are whole", all(row.to == group.id and row.message_id and row.timestamp and row.from_client for row in rows))
paged, last = [], None
while True:
    page = Message.find_by_conversation(group.id, limit=5, before_time=last and last.timestamp, before_message_id=last and last.message_id)
    if not page:
        break
    paged += page
    last = page[-1]
tried("history in pages has every message once", [row.message_id for row in paged] == [row.message_id for row in rows])
oldest = Message.find_by_conversation(group.id, limit=2, reversed=True)
tried("history the other way", [row.message_id for row in oldest] == [row.message_id for row in rows[-1:-3:-1]])
tried("history of a client", {row.from_client for row in Message.find_by_client("jerry")} == {"jerry"})
tried("history of the app", {row.message_id for row in rows} <= {row.message_id for row in Message.find_all(limit=1000)})

room = Conversation("Python room", is_transient=True)
room.save()
room.fetch()
tried("a chat room is made", room.is_transient is True)
room.send("tom", "in the room")
tried("and sent to", [row.data for row in Message.find_by_conversation(room.id)] == ["in the room"])

service = Conversation("Python service", is_system=True)
service.save()
service.fetch()
tried("a service is made", service.is_system is True)
service.send("editor", "for tom", to_clients=["tom"])
service.broadcast("editor", {"_lctype": -1, "_lctext": "all"})
service.broadcast("editor", "soon over", valid_till=round(time.time() * 1000) + 60_000)
tried("broadcasts to all clients are in the history of their service", len(Message.find_by_conversation(service.id)) == 2)

tried("too large a message is refused", code_of(lambda: group.send("tom", "x" * 6000)) == 413)
unknown = Conversation.create_without_data("0" * 24)
tried("an unknown conversation is refused", code_of(lambda: unknown.send("tom", "x")) == 4401)
tried("and not found", code_of(lambda: Conversation.query.get("0" * 24)) == 101)
leancloud.use_master_key(False)
tried("the app key does not send", code_of(lambda: group.send("tom", "x")) == 403)
leancloud.init(APP_ID, app_key=APP_KEY, master_key="wrong")
leancloud.use_master_key(True)
tried("a wrong key does nothing", code_of(lambda: group.send("tom", "x")) == 401)
leancloud.init(APP_ID, app_key=APP_KEY, master_key=MASTER_KEY)
group.destroy()
tried("a conversation is deleted", code_of(lambda: Conversation.query.get(group.id)) == 101)

print(f"{len(failed)} failed")
sys.exit(1 if failed else 0)
