import java.util.List;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.Bucket;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Requests its identity and lists the buckets with the AWS SDK for Java v2, as a pod would. With the argument
 * {@code identity}, it requests its identity only.
 */
public final class ListBuckets {
    public static void main(String[] arguments) {
        String arn = "\"arn\":\"" + identity() + "\"";
        if (List.of(arguments).equals(List.of("identity"))) {
            System.out.println("{" + arn + "}");
            return;
        }
        // Neither an ARN nor the name of a bucket has characters that JSON escapes.
        List<String> names = buckets().stream().map(bucket -> "\"" + bucket.name() + "\"").toList();
        System.out.println("{" + arn + ",\"buckets\":[" + String.join(",", names) + "]}");
    }

    private static String identity() {
        try (StsClient sts = StsClient.create()) {
            return sts.getCallerIdentity().arn();
        }
    }

    private static List<Bucket> buckets() {
        try (S3Client s3 = S3Client.create()) {
            return s3.listBuckets().buckets();
        }
    }
}
