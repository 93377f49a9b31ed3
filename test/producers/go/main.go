// Publishes records as any Go program does, with franz-go, whose partitioner places keys as Java's does.
//
// usage: go run . brokers. Lines of standard input are a topic, and a key and a value in base64, with blanks between them; lines
// of standard output are partition and offset, in the same order.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Args[1], ",")...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	var records []*kgo.Record
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), " ")
		records = append(records, &kgo.Record{Topic: parts[0], Key: bytesOf(parts[1]), Value: bytesOf(parts[2])})
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		log.Fatal(err)
	}
	for _, record := range records {
		fmt.Println(record.Partition, record.Offset)
	}
}

func bytesOf(text string) []byte {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}
