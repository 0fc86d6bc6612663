import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** Serves the MongoDB protocol from memory on a port of 127.0.0.1, until standard input ends. */
public class Server {
  public static void main(String[] arguments) throws Exception {
    MemoryBackend backend = new MemoryBackend();
    // Drivers refuse servers as old as the one this library says it is.
    backend.version(new MongoVersion() {
      @Override
      public List<Integer> getVersionArray() {
        return List.of(5, 0, 0);
      }

      @Override
      public int getWireVersion() {
        return 13;
      }
    });
    MongoServer server = new MongoServer(backend);
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    System.out.println("ready");
    // The pipe closes with whoever started this, however that one ends.
    while (System.in.read() != -1) {
    }
    server.shutdownNow();
    System.exit(0);
  }
}
