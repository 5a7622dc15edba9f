/* Says under which address musl finds a name: not every libc reads /etc/hosts and resolv.conf alike. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int count, char **words)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;
	char address[INET_ADDRSTRLEN];
	if (count != 2)
		return 64;
	int error = getaddrinfo(words[1], "6379", &hints, &found);
	if (error) {
		fprintf(stderr, "%s: %s\n", words[1], gai_strerror(error));
		return 1;
	}
	struct sockaddr_in *place = (struct sockaddr_in *)found->ai_addr;
	printf("%s is %s\n", words[1], inet_ntop(AF_INET, &place->sin_addr, address, sizeof address));
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(connection, found->ai_addr, found->ai_addrlen)) {
		perror("connect");
		return 1;
	}
	puts("connected");
	return 0;
}
