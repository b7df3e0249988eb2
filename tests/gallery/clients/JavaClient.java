// java.net.http, launched from its source: a thread a message, one lock round the token.

import java.io.*;
import java.net.URI;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.*;

public class JavaClient {
    static final String BASE = System.getenv("DAYFLY_BASE_URL");
    static final String API = "/api/v2/conversations/";
    static final String SESSIONS = API + "webchat/sessions";
    static final String MESSAGES = API + "messaging/external/guests/sendmessage";
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(5)).build();
    static String token;

    static class Again extends Exception {
        final String kind; final int times; final double wait; final boolean doubtful;
        Again(String kind, int times, double wait, boolean doubtful) {
            super(kind); this.kind = kind; this.times = times; this.wait = wait; this.doubtful = doubtful;
        }
    }

    static class Refused extends Exception {
        final int status; final String code;
        Refused(String path, int status, String code) {
            super(path + " answered " + status); this.status = status; this.code = code;
        }
    }

    public static void main(String[] arguments) throws Exception {
        var pool = Executors.newCachedThreadPool();
        var output = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = input.readLine()) != null;) {
            String job = line;
            pool.submit(() -> {
                String result;
                try {
                    String guest = raw(job, "name", "email");
                    String text = string(job, "text");
                    persist(() -> attempt(guest, text));
                    result = "true}";
                } catch (Exception error) {
                    result = "false, \"error\": \"" + error.getMessage().replaceAll("[^\\w /.:]", "?") + "\"}";
                }
                var id = Pattern.compile("\"id\": ?(\\d+)").matcher(job);
                id.find();
                synchronized (output) { output.println("{\"id\": " + id.group(1) + ", \"ok\": " + result); }
                return null;
            });
        }
        pool.shutdown();
        pool.awaitTermination(10, TimeUnit.MINUTES);
    }

    static Object attempt(String guest, String text) throws Exception {
        String bearer = bearer();
        String session = call(SESSIONS, bearer, "{\"guest\": " + guest + "}", "webChatSessionId");
        try {
            call(MESSAGES, bearer, "{\"webChatSessionId\": \"" + session + "\", \"text\": " + text + "}", "id");
        } catch (Again failure) {
            if (failure.doubtful) throw new IOException("the outcome is unknown");
            throw failure;
        } catch (Refused refusal) {
            if (refusal.status == 403 && !"app.not.authorized.for.scope".equals(refusal.code))
                throw new Again("dead", 1, 0, false);
            throw refusal;
        }
        return null;
    }

    static synchronized String bearer() throws Exception {
        if (token == null) {
            String pair = System.getenv("DAYFLY_CLIENT_ID") + ":" + System.getenv("DAYFLY_CLIENT_SECRET");
            String basic = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes());
            token = (String) persist(() -> ask("/oauth/token", basic, "application/x-www-form-urlencoded",
                "grant_type=client_credentials", "access_token"));
        }
        return token;
    }

    static synchronized void forget(String refused) {
        if (refused.equals(token)) token = null;
    }

    static String call(String path, String bearer, String body, String wanted) throws Exception {
        try {
            return ask(path, "Bearer " + bearer, "application/json", body, wanted);
        } catch (Refused refusal) {
            if (refusal.status != 401) throw refusal;
            forget(bearer);
            throw new Again("token refused", 1, 0, false);
        }
    }

    static String ask(String path, String auth, String type, String body, String wanted) throws Exception {
        HttpResponse<String> answer;
        try {
            answer = HTTP.send(HttpRequest.newBuilder(URI.create(BASE + path)).timeout(Duration.ofSeconds(15))
                .header("Authorization", auth).header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException error) {
            throw new Again(path, 3, -1, true);
        }
        int status = answer.statusCode();
        String value = plain(answer.body(), wanted);
        if (status == 200 && value != null) return value;
        if (status == 200 || status == 429 || status >= 500) throw new Again(path, 3, asked(answer), status != 429);
        throw new Refused(path, status, plain(answer.body(), "code"));
    }

    static double asked(HttpResponse<?> answer) throws IOException {
        String value = answer.headers().firstValue("Retry-After").orElse("");
        double seconds = -1;
        try {
            if (value.matches("\\d+(\\.\\d+)?")) seconds = Double.parseDouble(value);
            else if (!value.isEmpty()) seconds = 1 + Duration.between(date(answer.headers().firstValue("Date").get()), date(value)).toSeconds();
        } catch (RuntimeException error) {
            return -1;
        }
        if (seconds > 120) throw new IOException("too long a pause is asked for");
        return seconds;
    }

    static ZonedDateTime date(String value) {
        return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
    }

    static Object persist(Callable<Object> act) throws Exception {
        var counts = new HashMap<String, Integer>();
        while (true) {
            try {
                return act.call();
            } catch (Again failure) {
                int count = counts.merge(failure.kind, 1, Integer::sum);
                if (count > failure.times) throw new IOException(failure.kind);
                double own = (1 << count) * (0.1 + Math.random() / 10);
                if (failure.wait != 0 || failure.times > 1) Thread.sleep((long) (1000 * Math.max(failure.wait, own)) + 1);
            }
        }
    }

    // JSON of known shapes: a string as it is written, with its quotation marks and escapes.
    static String string(String json, String name) {
        var found = Pattern.compile("\"" + name + "\": ?(\"(?:[^\"\\\\]|\\\\.)*\")").matcher(json);
        String last = null;
        while (found.find()) last = found.group(1);
        return last;
    }

    static String plain(String json, String name) {
        String written = json.strip().endsWith("}") ? string(json, name) : null;
        return written == null || written.length() == 2 ? null : written.substring(1, written.length() - 1);
    }

    static String raw(String json, String name, String email) {
        var guest = Pattern.compile("\"guest\": ?(\\{(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\"}])*\\})").matcher(json);
        guest.find();
        return guest.group(1);
    }
}
