/*
 * asio.cpp - a peer: Asio on its default reactor, one thread, one buffer for each connection.
 *
 *     bench_asio tcp|unix PORT|PATH
 *
 * Happy path:  listen, say "ready"; a connection reads some, writes all of it, reads again.
 * Failures:    a connection that ends or fails goes with its last handler. Ends on SIGTERM.
 */
#include <asio.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace
{

using asio::local::stream_protocol;

/* Both ends of a Unix socket have no algorithm to switch off. */
void be_prompt(asio::ip::tcp::socket &socket)
{
    socket.set_option(asio::ip::tcp::no_delay(true));
}

void be_prompt(stream_protocol::socket &)
{
}

template <typename Socket>
class connection : public std::enable_shared_from_this<connection<Socket>>
{
  public:
    explicit connection(Socket socket) : socket_(std::move(socket))
    {
        be_prompt(socket_);
    }

    void receive()
    {
        socket_.async_read_some(
            asio::buffer(window_),
            [self = this->shared_from_this()](asio::error_code error, std::size_t byte_count) {
                if (!error)
                    self->send(byte_count);
            });
    }

  private:
    void send(std::size_t byte_count)
    {
        asio::async_write(socket_, asio::buffer(window_, byte_count),
                          [self = this->shared_from_this()](asio::error_code error, std::size_t) {
                              if (!error)
                                  self->receive();
                          });
    }

    Socket socket_;
    std::array<unsigned char, 16384> window_;
};

template <typename Acceptor> void accept_next(Acceptor &acceptor)
{
    using socket = typename Acceptor::protocol_type::socket;
    acceptor.async_accept([&acceptor](asio::error_code error, socket accepted) {
        if (!error)
            std::make_shared<connection<socket>>(std::move(accepted))->receive();
        accept_next(acceptor);
    });
}

template <typename Acceptor> int serve(asio::io_context &context, Acceptor acceptor)
{
    accept_next(acceptor);
    std::puts("ready");
    std::fflush(stdout);
    context.run();
    return 0;
}

} // namespace

int main(int count, char **words)
try {
    if (count < 3) {
        std::fputs("usage: bench_asio tcp|unix PORT|PATH\n", stderr);
        return 2;
    }
    asio::io_context context(1);
    if (words[1] == std::string("unix"))
        return serve(context,
                     stream_protocol::acceptor(context, stream_protocol::endpoint(words[2])));
    const auto port = static_cast<asio::ip::port_type>(std::strtoul(words[2], nullptr, 10));
    const asio::ip::tcp::endpoint here(asio::ip::address_v4::loopback(), port);
    return serve(context, asio::ip::tcp::acceptor(context, here));
} catch (const std::exception &error) {
    std::fprintf(stderr, "asio: %s\n", error.what());
    return 1;
}
