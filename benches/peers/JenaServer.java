// Puts Apache Jena TDB2 behind HTTP for the benches, because Debian packages the library without its server.
// Two commands: `load FOLDER FILE` and `serve FOLDER PORT`. Serves POST /sparql with a form, on loopback, and nothing else:
// no GET, no persistence of its own, and no more negotiation than this: rows are CSV when CSV is accepted, else SPARQL JSON;
// graphs are N-Triples. It is kept thin so that what is measured is TDB2: a thread for each kept connection, one write for
// each answer, no copying but one buffer.

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.ReadWrite;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.system.progress.MonitorOutputs;
import org.apache.jena.tdb2.DatabaseMgr;
import org.apache.jena.tdb2.TDB2Factory;
import org.apache.jena.tdb2.loader.DataLoader;
import org.apache.jena.tdb2.loader.LoaderFactory;
import org.apache.jena.update.UpdateAction;
import org.apache.jena.update.UpdateFactory;
import org.apache.jena.update.UpdateRequest;

public final class JenaServer {
    /** Most bytes of a request's body, and of one line of its head. */
    private static final int MAX_BODY = 64 << 20;
    private static final int MAX_LINE = 16 << 10;
    private static final String ROWS = "application/sparql-results+json";

    private final Dataset dataset;

    private JenaServer(Dataset dataset) {
        this.dataset = dataset;
    }

    public static void main(String[] args) throws IOException {
        if (args.length == 3 && args[0].equals("load")) {
            load(args[1], args[2]);
        } else if (args.length == 3 && args[0].equals("serve")) {
            new JenaServer(TDB2Factory.connectDataset(args[1])).serve(Integer.parseInt(args[2]));
        } else if (args.length == 1 && args[0].equals("version")) {
            System.out.println(org.apache.jena.Jena.VERSION);
        } else {
            System.err.println("usage: JenaServer load FOLDER FILE | serve FOLDER PORT | version");
            System.exit(2);
        }
    }

    /** Loads a file with the fastest of TDB2's own loaders, into an empty database. */
    private static void load(String folder, String file) {
        DataLoader loader =
            LoaderFactory.parallelLoader(DatabaseMgr.connectDatasetGraph(folder), MonitorOutputs.nullOutput());
        loader.startBulk();
        try {
            loader.load(file);
            loader.finishBulk();
        } catch (RuntimeException problem) {
            loader.finishException(problem);
            throw problem;
        }
    }

    private void serve(int port) throws IOException {
        try (ServerSocket listener = new ServerSocket(port, 128, InetAddress.getLoopbackAddress())) {
            while (true) {
                Socket socket = listener.accept();
                Thread thread = new Thread(() -> converse(socket));
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    /** Answers the requests of one connection until the client closes it. */
    private void converse(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            OutputStream out = socket.getOutputStream();
            while (readLine(in) != null) {
                int length = 0;
                String accept = "";
                String line;
                while ((line = readLine(in)) != null && !line.isEmpty()) {
                    int colon = line.indexOf(':');
                    if (colon > 0 && line.substring(0, colon).equalsIgnoreCase("Content-Length")) {
                        length = Integer.parseInt(line.substring(colon + 1).trim());
                    } else if (colon > 0 && line.substring(0, colon).equalsIgnoreCase("Accept")) {
                        accept = line.substring(colon + 1).trim();
                    }
                }
                if (length < 0 || length > MAX_BODY) {
                    return;
                }
                out.write(answer(new String(in.readNBytes(length), StandardCharsets.UTF_8), accept));
                out.flush();
            }
        } catch (IOException | NumberFormatException gone) {
            // A client that leaves, or does not speak HTTP: the connection ends, the server goes on.
        }
    }

    /** The bytes of the response to a form. */
    private byte[] answer(String form, String accept) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(4096);
        String status = "200 OK";
        String type = ROWS;
        try {
            String text = field(form, "query");
            if (text != null) {
                type = query(text, accept, body);
            } else if ((text = field(form, "update")) != null) {
                update(text);
            } else {
                status = "400 Bad Request";
            }
        } catch (RuntimeException problem) {
            status = "500 Internal Server Error";
            body.reset();
            body.writeBytes(String.valueOf(problem).getBytes(StandardCharsets.UTF_8));
        }
        byte[] head = ("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + body.size()
            + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = new byte[head.length + body.size()];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(body.toByteArray(), 0, whole, head.length, body.size());
        return whole;
    }

    /** Writes the answer to a query; returns its media type. */
    private String query(String text, String accept, OutputStream body) {
        Query query = QueryFactory.create(text);
        dataset.begin(ReadWrite.READ);
        try (QueryExecution execution = QueryExecutionFactory.create(query, dataset)) {
            if (query.isAskType()) {
                ResultSetFormatter.outputAsJSON(body, execution.execAsk());
                return ROWS;
            }
            if (query.isConstructType() || query.isDescribeType()) {
                RDFDataMgr.write(body, query.isConstructType() ? execution.execConstruct() : execution.execDescribe(), Lang.NTRIPLES);
                return "application/n-triples";
            }
            if (accept.startsWith("text/csv")) {
                ResultSetFormatter.outputAsCSV(body, execution.execSelect());
                return "text/csv";
            }
            ResultSetFormatter.outputAsJSON(body, execution.execSelect());
            return ROWS;
        } finally {
            dataset.end();
        }
    }

    private void update(String text) {
        UpdateRequest request = UpdateFactory.create(text);
        dataset.begin(ReadWrite.WRITE);
        try {
            UpdateAction.execute(request, dataset);
            dataset.commit();
        } finally {
            dataset.end();
        }
    }

    /** The value of a field of a form, or null. */
    private static String field(String form, String name) {
        for (String pair : form.split("&")) {
            if (pair.startsWith(name) && pair.length() > name.length() && pair.charAt(name.length()) == '=') {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        return null;
    }

    /** A line of the head without its end, or null when the connection is over. */
    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int c;
        while ((c = in.read()) != '\n') {
            if (c < 0) {
                return null;
            }
            if (line.length() >= MAX_LINE) {
                throw new IOException("line too long");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
