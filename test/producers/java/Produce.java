import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Publishes records as any Java program does, with the defaults of its partitioner.
 *
 * <p>usage: java -cp 'kafka/*' Produce.java brokers. Lines of standard input are a topic, and a key and a value in base64, with
 * blanks between them; lines of standard output are partition and offset, in the same order.
 */
public final class Produce {
  public static void main(String[] arguments) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", arguments[0], "acks", "all", "enable.idempotence", true, "linger.ms", 5);
    List<Future<RecordMetadata>> written = new ArrayList<>();
    try (Producer<byte[], byte[]> producer =
            new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] parts = line.split(" ");
        byte[] key = Base64.getDecoder().decode(parts[1]);
        byte[] value = Base64.getDecoder().decode(parts[2]);
        written.add(producer.send(new ProducerRecord<>(parts[0], key, value)));
      }
      producer.flush();
      StringBuilder output = new StringBuilder();
      for (Future<RecordMetadata> one : written) {
        output.append(one.get().partition()).append(' ').append(one.get().offset()).append('\n');
      }
      System.out.print(output);
    }
  }
}
