using System.Net.Http.Headers;
using System.Text;

var url = Environment.GetEnvironmentVariable("TIER_URL") ?? "http://127.0.0.1:7070";
using var http = new HttpClient();
var item = $"{url}/v1/sessions/chat:dotnet/items/greeting";

using var body = new StringContent("hello", Encoding.UTF8, new MediaTypeHeaderValue("text/plain"));
using var stored = await http.PutAsync(item, body);
stored.EnsureSuccessStatusCode();

using var read = await http.GetAsync(item);
read.EnsureSuccessStatusCode();
Console.WriteLine($"{await read.Content.ReadAsStringAsync()} from {string.Join(", ", read.Headers.GetValues("Tier-Source"))}");
