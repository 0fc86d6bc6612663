import cn.leancloud.AVException;
import cn.leancloud.AVLogger;
import cn.leancloud.callback.AVCallback;
import cn.leancloud.core.AVOSCloud;
import cn.leancloud.im.AVIMOptions;
import cn.leancloud.im.v2.*;
import cn.leancloud.im.v2.callback.*;
import cn.leancloud.im.v2.conversation.AVIMConversationMemberInfo;
import cn.leancloud.im.v2.conversation.ConversationMemberRole;
import cn.leancloud.im.v2.messages.AVIMImageMessage;
import cn.leancloud.im.v2.messages.AVIMRecalledMessage;
import cn.leancloud.im.v2.messages.AVIMTextMessage;
import cn.leancloud.session.AVConnectionManager;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;

/**
 * The unmodified realtime-core of LeanCloud's Java SDK against a server. All clients share one connection, as in an Android
 * app. Prints what it tried; status 1 if anything was not as expected. Run by `npm run conformance:leancloud-java`, which
 * starts the server and does what this program asks for by a line: "restart" kills it, "drain" ends it in order.
 */
public class Conformance {
  static final long PATIENCE_MS = 20_000;
  static final List<String> failed = new ArrayList<>();
  static final List<String> events = Collections.synchronizedList(new ArrayList<>());
  static final Map<String, List<AVIMMessage>> heard = new ConcurrentHashMap<>();

  public static void main(String[] args) throws Exception {
    try {
      run();
    } catch (Throwable error) {
      error.printStackTrace();
      failed.add(String.valueOf(error));
      System.out.println("events: " + events);
    }
    System.out.println(failed.isEmpty() ? "0 failed" : failed.size() + " failed: " + failed);
    System.exit(failed.isEmpty() ? 0 : 1);
  }

  static void run() throws Exception {
    AVOSCloud.setLogLevel(System.getenv("DEBUG") == null ? AVLogger.Level.OFF : AVLogger.Level.ALL);
    AVOSCloud.initialize(env("APP_ID"), env("APP_KEY"), env("SERVER"));
    AVIMOptions.getGlobalOptions().setUnreadNotificationEnabled(true);
    // There is no database on the device.
    AVIMOptions.getGlobalOptions().setMessageQueryCacheEnabled(false);
    // Its timers outlive a lost connection, and then end whatever is asked at that moment (AVIMOperationQueue.poll): none is to
    // run out here. This program has a patience of its own.
    AVIMOptions.getGlobalOptions().setTimeoutInSecs(600);
    AVIMMessageManager.registerDefaultMessageHandler(new Messages());
    AVIMMessageManager.setConversationEventHandler(new Events());
    AVIMClient.setClientEventHandler(new Connections());

    connect();
    tried("it finds its server", true);
    AVIMClient tom = open("tom"), jerry = open("jerry"), spike = open("spike");
    tried("three clients log in over one connection", true);
    List<String> online = answer(List.class, take -> tom.getOnlineClients(List.of("jerry", "nobody"), new AVIMOnlineClientsCallback() {
      public void done(List<String> clients, AVIMException error) { take.give(clients, error); }
    }));
    tried("who is online", online.equals(List.of("jerry")));

    AVIMConversation group = create(tom, List.of("jerry"), "Java group", Map.of("colour", "red"), true);
    tried("a conversation is made", group.getConversationId() != null);
    tried("the other is told of it", eventually(() -> events.contains("jerry invited by tom")));
    AVIMConversation again = create(tom, List.of("jerry"), "another name", Map.of(), true);
    tried("a unique one is found again", again.getConversationId().equals(group.getConversationId()));

    AVIMTextMessage hello = text("hello");
    hello.setAttrs(Map.of("mood", "good"));
    send(group, hello, receipt());
    tried("a message is sent and has its id and time", hello.getMessageId() != null && hello.getTimestamp() > 0);
    tried("the other hears it, typed, with its attributes", eventually(() -> last("jerry") instanceof AVIMTextMessage got
        && got.getText().equals("hello") && "good".equals(got.getAttrs().get("mood")) && got.getFrom().equals("tom")));
    tried("the sender is told that it arrived", eventually(() -> events.contains("tom delivered")));
    AVIMConversation here = jerry.getConversation(group.getConversationId());
    tried("unread is counted", eventually(() -> here.getUnreadMessagesCount() == 1));
    here.read();
    tried("and gone when it was read", eventually(() -> here.getUnreadMessagesCount() == 0));
    tried("the sender is told that it was read", eventually(() -> events.contains("tom read")));

    AVIMTextMessage edited = text("hello, all");
    AVIMMessage after = answer(AVIMMessage.class, take -> group.updateMessage(hello, edited, new AVIMMessageUpdatedCallback() {
      public void done(AVIMMessage message, AVException error) { take.give(message, error); }
    }));
    tried("a message is edited", after.getMessageId().equals(hello.getMessageId()));
    tried("the other is told of the edit", eventually(() -> events.contains("jerry updated hello, all")));
    AVIMTextMessage mistake = text("a mistake");
    send(group, mistake, null);
    answer(AVIMRecalledMessage.class, take -> group.recallMessage(mistake, new AVIMMessageRecalledCallback() {
      public void done(AVIMRecalledMessage message, AVException error) { take.give(message, error); }
    }));
    tried("the other is told of a recall", eventually(() -> events.contains("jerry recalled")));

    for (int n = 1; n <= 25; n += 1) send(group, text("n" + n), null);
    List<AVIMMessage> newest = history(here, 10);
    tried("the newest page of the history, oldest first", texts(newest).equals(numbers(16, 25)));
    AVIMMessage eldest = newest.get(0);
    List<AVIMMessage> before = messages(take -> here.queryMessages(eldest.getMessageId(), eldest.getTimestamp(), 10, take));
    tried("the page before it", texts(before).equals(numbers(6, 15)));
    List<AVIMMessage> all = history(here, 100);
    tried("edits and recalls are in the history", all.size() == 27 && texts(all).get(0).equals("hello, all")
        && all.get(1) instanceof AVIMRecalledMessage);
    AVIMMessageInterval interval = new AVIMMessageInterval(
        AVIMMessageInterval.createBound(all.get(2).getMessageId(), all.get(2).getTimestamp(), true),
        AVIMMessageInterval.createBound(all.get(5).getMessageId(), all.get(5).getTimestamp(), true));
    List<AVIMMessage> between = messages(take -> here.queryMessages(interval,
        AVIMMessageQueryDirection.AVIMMessageQueryDirectionFromOldToNew, 10, take));
    tried("history between bounds, onwards", texts(between).equals(numbers(1, 4)));

    done(take -> group.addMembers(List.of("spike"), take));
    tried("a member is added, and told who did it", eventually(() -> events.contains("spike invited by tom")));
    tried("the others are told", eventually(() -> events.contains("jerry joined [spike] by tom")));
    // Not tried: getMemberCount, queryMutedMembers, queryBlockedMembers (this version casts what it got to another type, and
    // loses its connection over that), and updateInfoInBackground (it sends no JSON).
    done(take -> group.updateMemberRole("jerry", ConversationMemberRole.MANAGER, take));
    tried("a role is given, and told", eventually(() -> events.contains("jerry role jerry MANAGER")));
    List<AVIMConversationMemberInfo> infos = members(group);
    tried("roles are asked for by REST", infos.size() == 1 && infos.get(0).getRole() == ConversationMemberRole.MANAGER
        && "jerry".equals(infos.get(0).getMemberId()) && group.getConversationId().equals(infos.get(0).getConversationId()));
    tried("of one member, or of none", memberInfo(group, "jerry").size() == 1 && memberInfo(group, "spike").isEmpty());

    partly(take -> group.muteMembers(List.of("spike"), take), List.of("spike"));
    tried("a member is silenced, and told", eventually(() -> events.contains("spike muted by tom")));
    AVIMConversation spikes = spike.getConversation(group.getConversationId());
    tried("it may not send", code(take -> spikes.sendMessage(text("let me"), take)) != 0);
    partly(take -> group.unmuteMembers(List.of("spike"), take), List.of("spike"));
    send(spikes, text("thank you"), null);
    tried("it may send again", eventually(() -> "thank you".equals(textOf(last("tom")))));
    partly(take -> group.blockMembers(List.of("spike"), take), List.of("spike"));
    tried("a member is blocked, and told", eventually(() -> events.contains("spike blocked by tom")));
    tried("it cannot join", code(take -> spikes.join(take)) == 4548);
    partly(take -> group.unblockMembers(List.of("spike"), take), List.of("spike"));

    AVIMConversationsQuery query = tom.getConversationsQuery();
    query.whereEqualTo("attr.colour", "red").containsMembers(List.of("jerry"));
    query.setQueryPolicy(cn.leancloud.AVQuery.CachePolicy.NETWORK_ONLY);
    query.setWithLastMessagesRefreshed(true);
    List<AVIMConversation> found = find(query);
    tried("it is found by a column and a member", found.size() == 1 && found.get(0).getName().equals("Java group")
        && "red".equals(found.get(0).getAttribute("colour")));
    tried("with its last message", found.get(0).getLastMessage() instanceof AVIMTextMessage said && said.getText().equals("thank you"));
    AVIMConversationsQuery other = tom.getConversationsQuery();
    other.whereStartsWith("name", "Nobody's");
    other.setQueryPolicy(cn.leancloud.AVQuery.CachePolicy.NETWORK_ONLY);
    tried("and not by another name", find(other).isEmpty());
    done(take -> group.mute(take));
    done(take -> group.unmute(take));
    done(take -> here.fetchReceiptTimestamps(take));
    tried("muted, and no longer", true);

    AVIMConversation room = answer(AVIMConversation.class, take -> tom.createChatRoom("Java room", null, created(take)));
    AVIMConversation joined = jerry.getChatRoom(room.getConversationId());
    done(take -> joined.join(take));
    send(joined, text("is anybody there?"), null);
    tried("a room is made, joined and talked in", eventually(() -> "is anybody there?".equals(textOf(last("tom")))));
    AVIMConversation shortly = answer(AVIMConversation.class, take -> tom.createTemporaryConversation(List.of("jerry"), 3600, created(take)));
    send(shortly, text("for an hour"), null);
    tried("a temporary conversation", shortly.isTemporary() && eventually(() -> "for an hour".equals(textOf(last("jerry")))));

    AVIMConversation service = tom.getServiceConversation(env("SERVICE"));
    done(take -> service.join(take));
    say("broadcast");
    tried("a service is subscribed to, and its broadcast heard", eventually(() -> "from the service".equals(textOf(last("tom")))));

    say("picture");
    tried("an image that has no file of LeanCloud", eventually(() -> last("tom") instanceof AVIMImageMessage image
        && image.getFileUrl().equals("https://files.example/a.png") && image.getSize() == 9 && image.getWidth() == 3));

    heard.clear();
    events.clear();
    say("restart");
    connect();
    tried("the connection is back after the server was ended", eventually(() -> events.stream().anyMatch(event -> event.endsWith(" resumed"))));
    // Each of the clients is back when it is back: the SDK tells of one.
    tried("messages go on", eventually(() -> code(take -> group.sendMessage(text("still there?"), take)) == 0) && eventually(() -> "still there?".equals(textOf(last("jerry")))));
    tried("and are there once", eventually(() -> texts(history(here, 3)).equals(List.of("n25", "thank you", "still there?"))));

    events.clear();
    say("drain");
    tried("told to go, it comes back by itself", eventually(() -> events.stream().anyMatch(event -> event.endsWith(" resumed"))));
    tried("messages go on again", eventually(() -> code(take -> group.sendMessage(text("and now?"), take)) == 0) && eventually(() -> "and now?".equals(textOf(last("jerry")))));

    done(take -> here.quit(take));
    tried("a member leaves, and the others are told", eventually(() -> events.contains("tom left [jerry] by jerry")));
    for (AVIMClient client : List.of(tom, jerry, spike)) close(client);
    tried("all log out", true);
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

  static class Messages extends AVIMMessageHandler {
    @Override public void onMessage(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      heard.computeIfAbsent(client.getClientId(), id -> new CopyOnWriteArrayList<>()).add(message);
    }

    @Override public void onMessageReceipt(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      events.add(client.getClientId() + " receipt");
    }
  }

  static class Connections extends AVIMClientEventHandler {
    @Override public void onConnectionPaused(AVIMClient client) { events.add(client.getClientId() + " paused"); }
    @Override public void onConnectionResume(AVIMClient client) { events.add(client.getClientId() + " resumed"); }
    @Override public void onClientOffline(AVIMClient client, int code) { events.add(client.getClientId() + " offline " + code); }
  }

  static class Events extends AVIMConversationEventHandler {
    void note(AVIMClient client, String what) { events.add(client.getClientId() + " " + what); }
    @Override public void onMemberLeft(AVIMClient c, AVIMConversation v, List<String> who, String by) { note(c, "left " + who + " by " + by); }
    @Override public void onMemberJoined(AVIMClient c, AVIMConversation v, List<String> who, String by) { note(c, "joined " + who + " by " + by); }
    @Override public void onKicked(AVIMClient c, AVIMConversation v, String by) { note(c, "kicked by " + by); }
    @Override public void onInvited(AVIMClient c, AVIMConversation v, String by) { note(c, "invited by " + by); }
    @Override public void onMuted(AVIMClient c, AVIMConversation v, String by) { note(c, "muted by " + by); }
    @Override public void onBlocked(AVIMClient c, AVIMConversation v, String by) { note(c, "blocked by " + by); }
    @Override public void onLastDeliveredAtUpdated(AVIMClient c, AVIMConversation v) { note(c, "delivered"); }
    @Override public void onLastReadAtUpdated(AVIMClient c, AVIMConversation v) { note(c, "read"); }
    @Override public void onMessageUpdated(AVIMClient c, AVIMConversation v, AVIMMessage m) { note(c, "updated " + textOf(m)); }
    @Override public void onMessageRecalled(AVIMClient c, AVIMConversation v, AVIMMessage m) { note(c, "recalled"); }
    @Override public void onInfoChanged(AVIMClient c, AVIMConversation v, com.alibaba.fastjson.JSONObject o, String by) { note(c, "info changed by " + by); }
    @Override public void onMemberInfoUpdated(AVIMClient c, AVIMConversation v, AVIMConversationMemberInfo info, List<String> what, String by) {
      note(c, "role " + info.getMemberId() + " " + info.getRole());
    }
  }

  // ── calls, answered within some seconds ──────────────────────────────────────────────────────────────────────────

  static class Take<T> extends CompletableFuture<T> {
    void give(T value, AVException error) {
      if (error == null) complete(value);
      else completeExceptionally(error);
    }
  }

  static <T> T answer(Class<? super T> of, Consumer<Take<T>> call) throws Exception {
    Take<T> take = new Take<>();
    call.accept(take);
    return take.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
  }

  static AVIMConversationCallback plain(Take<Boolean> take) {
    return new AVIMConversationCallback() {
      public void done(AVIMException error) { take.give(true, error); }
    };
  }

  static AVIMConversationCreatedCallback created(Take<AVIMConversation> take) {
    return new AVIMConversationCreatedCallback() {
      public void done(AVIMConversation conversation, AVIMException error) { take.give(conversation, error); }
    };
  }

  static void done(Consumer<AVIMConversationCallback> call) throws Exception {
    Conformance.<Boolean>answer(Boolean.class, take -> call.accept(plain(take)));
  }

  /** The code of the refusal; 0: none. */
  static int code(Consumer<AVIMConversationCallback> call) throws Exception {
    try {
      done(call);
      return 0;
    } catch (ExecutionException refused) {
      return ((AVException) refused.getCause()).getCode() == 0 ? -1 : ((AVException) refused.getCause()).getCode();
    }
  }

  /** What the service of an Android app does at its start, and when the network is there again. */
  static void connect() throws Exception {
    Conformance.<Boolean>answer(Boolean.class, take -> AVConnectionManager.getInstance().startConnection(new AVCallback<Object>() {
      protected void internalDone0(Object nothing, AVException error) { take.give(true, error); }
    }));
  }

  static AVIMClient open(String id) throws Exception {
    AVIMClient client = AVIMClient.getInstance(id);
    Conformance.<AVIMClient>answer(AVIMClient.class, take -> client.open(new AVIMClientCallback() {
      public void done(AVIMClient opened, AVIMException error) { take.give(opened, error); }
    }));
    return client;
  }

  static void close(AVIMClient client) throws Exception {
    Conformance.<AVIMClient>answer(AVIMClient.class, take -> client.close(new AVIMClientCallback() {
      public void done(AVIMClient closed, AVIMException error) { take.give(closed, error); }
    }));
  }

  static AVIMConversation create(AVIMClient by, List<String> members, String name, Map<String, Object> attributes, boolean unique) throws Exception {
    return answer(AVIMConversation.class, take -> by.createConversation(members, name, attributes, false, unique, created(take)));
  }

  static void send(AVIMConversation to, AVIMMessage message, AVIMMessageOption option) throws Exception {
    done(take -> to.sendMessage(message, option == null ? new AVIMMessageOption() : option, take));
  }

  static List<AVIMMessage> messages(Consumer<AVIMMessagesQueryCallback> call) throws Exception {
    return Conformance.<List<AVIMMessage>>answer(List.class, take -> call.accept(new AVIMMessagesQueryCallback() {
      public void done(List<AVIMMessage> page, AVIMException error) { take.give(page, error); }
    }));
  }

  static List<AVIMMessage> history(AVIMConversation of, int limit) throws Exception {
    return messages(take -> of.queryMessagesFromServer(limit, take));
  }

  static List<AVIMConversation> find(AVIMConversationsQuery query) throws Exception {
    return Conformance.<List<AVIMConversation>>answer(List.class, take -> query.findInBackground(new AVIMConversationQueryCallback() {
      public void done(List<AVIMConversation> page, AVIMException error) { take.give(page, error); }
    }));
  }

  static List<AVIMConversationMemberInfo> members(AVIMConversation of) throws Exception {
    return Conformance.<List<AVIMConversationMemberInfo>>answer(List.class, take -> of.getAllMemberInfo(0, 10, new AVIMConversationMemberQueryCallback() {
      public void done(List<AVIMConversationMemberInfo> page, AVIMException error) { take.give(page, error); }
    }));
  }

  static List<AVIMConversationMemberInfo> memberInfo(AVIMConversation of, String member) throws Exception {
    return Conformance.<List<AVIMConversationMemberInfo>>answer(List.class, take -> of.getMemberInfo(member, new AVIMConversationMemberQueryCallback() {
      public void done(List<AVIMConversationMemberInfo> found, AVIMException error) { take.give(found, error); }
    }));
  }

  static void partly(Consumer<AVIMOperationPartiallySucceededCallback> call, List<String> expected) throws Exception {
    List<String> allowed = Conformance.<List<String>>answer(List.class, take -> call.accept(new AVIMOperationPartiallySucceededCallback() {
      public void done(AVIMException error, List<String> succeeded, List<AVIMOperationFailure> failures) { take.give(succeeded, error); }
    }));
    tried("it is done for " + expected, expected.equals(allowed));
  }

  // ── small words ──────────────────────────────────────────────────────────────────────────────────────────────────

  static String env(String name) { return System.getenv(name); }

  static AVIMTextMessage text(String said) {
    AVIMTextMessage message = new AVIMTextMessage();
    message.setText(said);
    return message;
  }

  static AVIMMessageOption receipt() {
    AVIMMessageOption option = new AVIMMessageOption();
    option.setReceipt(true);
    return option;
  }

  static AVIMMessage last(String client) {
    List<AVIMMessage> all = heard.getOrDefault(client, List.of());
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  static String textOf(AVIMMessage message) {
    return message instanceof AVIMTextMessage said ? said.getText() : null;
  }

  static List<String> texts(List<AVIMMessage> messages) {
    return messages.stream().map(message -> String.valueOf(textOf(message))).toList();
  }

  static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (int n = from; n <= to; n += 1) all.add("n" + n);
    return all;
  }

  /** Has the program that started this one do something, and waits until it has. */
  static void say(String what) throws Exception {
    System.out.println(what);
    System.out.flush();
    int end = System.in.read();
    if (end != '\n') throw new IllegalStateException("nobody did: " + what);
  }

  static boolean eventually(Callable<Boolean> isSo) throws Exception {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (System.currentTimeMillis() < end) {
      try {
        if (isSo.call()) return true;
      } catch (ExecutionException | TimeoutException notYet) {
        // A session that is not back yet refuses.
      }
      Thread.sleep(25);
    }
    return false;
  }

  static void tried(String what, boolean isSo) {
    System.out.println((isSo ? "ok     " : "FAILED ") + what);
    if (!isSo) {
      failed.add(what);
      System.out.println("       events: " + events);
    }
  }
}
